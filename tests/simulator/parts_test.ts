import { describe, expect, it } from "bun:test";

import type { StoredEvent } from "../../node/mod.ts";
import type { CustodyLog, LinkBus } from "../../federation/mod.ts";
import { anEvent } from "../support/events.ts";
import { Scheduler } from "./scheduler.ts";
import { SimRandom } from "./sim_random.ts";
import { Trace } from "./trace.ts";
import { OwnBus, VirtualBroker } from "./virtual_broker.ts";
import { type Brokers, createDial, urlOf } from "./virtual_dial.ts";
import { VirtualDisk } from "./virtual_disk.ts";
import { VirtualNetwork } from "./virtual_network.ts";
import { GOOD_PATH } from "./virtual_path.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

describe("SimRandom", () => {
  it("rolls the same numbers everywhere", () => {
    const random = new SimRandom(42);
    expect([random.next(), random.next(), random.below(100), random.between(5, 7)]).toEqual([
      3704290710,
      166753127,
      22,
      6,
    ]);
  });

  it("below() stays below its bound, up to 2^32", () => {
    const random = new SimRandom(7);
    for (let i = 0; i < 1000; i++) {
      expect(random.below(3)).toBeLessThan(3);
      expect(random.below(2 ** 32)).toBeLessThan(2 ** 32);
    }
  });
});

describe("Scheduler", () => {
  it("runs what is due in order of time, then in order of asking", () => {
    const scheduler = new Scheduler();
    const seen: string[] = [];
    scheduler.at(20, () => seen.push("c"));
    scheduler.at(10, () => seen.push("a"));
    scheduler.at(10, () => seen.push("b"));
    scheduler.runUntil(100);
    expect(seen).toEqual(["a", "b", "c"]);
    expect(scheduler.now).toBe(100);
  });

  it("cancel() keeps the others, also when most are cancelled", () => {
    const scheduler = new Scheduler();
    const seen: number[] = [];
    const entries = Array.from({ length: 20_000 }, (_, i) => scheduler.at(i, () => seen.push(i)));
    entries.forEach((entry, i) => i % 100 !== 0 && scheduler.cancel(entry));
    expect(scheduler.pending).toBe(200);
    scheduler.runUntil(20_000);
    expect(seen).toEqual(Array.from({ length: 200 }, (_, i) => i * 100));
  });

  it("runUntil() does not hang on what calls itself without taking time", () => {
    const scheduler = new Scheduler();
    const again = (): void => void scheduler.after(0, again);
    again();
    expect(() => scheduler.runUntil(1)).toThrow("did not take any time");
  });
});

/** Two machines; `hub` has a broker with its own node on it, `leaf` dials it. */
function pair(): {
  network: VirtualNetwork;
  own: OwnBus;
  dialled: () => LinkBus;
  run: (ms: number) => void;
  dialFailure: () => string | undefined;
} {
  const scheduler = new Scheduler();
  const trace = new Trace(() => scheduler.now);
  const network = new VirtualNetwork({ scheduler, trace, random: new SimRandom(1) });
  const brokers: Brokers = new Map();
  const hub = network.addHost("hub");
  const leaf = network.addHost("leaf");
  const broker = new VirtualBroker(hub.start());
  brokers.set("hub", broker);
  const own = new OwnBus(broker);
  let bus: LinkBus | undefined;
  let failure: string | undefined;
  createDial(network, brokers, leaf.start())(urlOf("hub"), { timeoutMs: 1000 }, (result) => {
    if ("bus" in result) bus = result.bus;
    else failure = result.failure.code;
  });
  return {
    network,
    own,
    dialled: () => bus!,
    dialFailure: () => failure,
    run: (ms) => scheduler.runUntil(scheduler.now + ms * 1000),
  };
}

describe("virtual bus", () => {
  it("tells the node when a client has gone, and that nobody listens for it any more", () => {
    const { network, own, dialled, run } = pair();
    const told: boolean[] = [];
    own.onClientGone((listens) => told.push(listens("a.b")));
    run(100);
    dialled().subscribe("a.*", () => undefined);
    run(100);
    expect(told).toEqual([]);
    network.host("leaf")!.stop({ powerLoss: false });
    run(100);
    expect(told).toEqual([false]);
  });

  it("delivers in order, and not back to the sender", () => {
    const { own, dialled, run } = pair();
    const seen: string[] = [];
    own.subscribe("a.*", ({ payload }) => seen.push(decoder.decode(payload)));
    run(100);
    dialled().subscribe("a.*", () => seen.push("echo"));
    for (const text of ["1", "2", "3"]) dialled().publish("a.b", encoder.encode(text));
    run(100);
    expect(seen).toEqual(["1", "2", "3"]);
  });

  it("delivers to who wants it now, whoever wanted it before", () => {
    const { own, dialled, run } = pair();
    const seen: string[] = [];
    run(100);
    dialled().publish("a", encoder.encode("1"));
    run(100);
    const remove = own.subscribe("a", ({ payload }) => seen.push(decoder.decode(payload)));
    dialled().publish("a", encoder.encode("2"));
    run(100);
    remove();
    dialled().publish("a", encoder.encode("3"));
    own.publish("b", encoder.encode("4"));
    run(100);
    const forget = dialled().subscribe("b", ({ payload }) => seen.push(decoder.decode(payload)));
    run(100);
    own.publish("b", encoder.encode("5"));
    run(100);
    forget();
    run(100);
    own.publish("b", encoder.encode("6"));
    run(100);
    expect(seen).toEqual(["2", "5"]);
  });

  it("answers requests both ways, and says when nobody listens", () => {
    const { own, dialled, run } = pair();
    const seen: (string | undefined)[] = [];
    const note = (answer: Uint8Array | undefined): void => void seen.push(answer && decoder.decode(answer));
    own.subscribe("ask.hub", ({ respond }) => respond!(encoder.encode("hub")));
    run(100);
    dialled().subscribe("ask.leaf", ({ respond }) => respond!(encoder.encode("leaf")));
    run(100);
    dialled().request("ask.hub", encoder.encode(""), {}, note);
    own.request("ask.leaf", encoder.encode(""), {}, note);
    dialled().request("ask.nobody", encoder.encode(""), {}, note);
    run(100);
    expect(seen.map(String).sort()).toEqual(["hub", "leaf", "undefined"]);
  });

  it("holds messages back in a hole, and delivers them afterwards", () => {
    const { network, own, dialled, run } = pair();
    const seen: string[] = [];
    own.subscribe("a", ({ payload }) => seen.push(decoder.decode(payload)));
    run(100);
    network.setHole("leaf", "hub", true);
    dialled().publish("a", encoder.encode("1"));
    run(5000);
    expect(seen).toEqual([]);
    network.setHole("leaf", "hub", false);
    run(1000);
    expect(seen).toEqual(["1"]);
  });

  it("tells both sides of a cut, and refuses to dial until it is healed", () => {
    const { network, dialled, run } = pair();
    const reasons: string[] = [];
    run(100);
    dialled().onClosed((reason) => reasons.push(reason));
    network.setCut("leaf", "hub", true);
    run(100);
    expect(reasons).toEqual(["connection reset by the network"]);
  });

  it("fails to dial through a hole when the time is over", () => {
    const { network, dialFailure, run } = pair();
    network.setHole("hub", "leaf", true);
    run(1500);
    expect(dialFailure()).toBe("TIMEOUT");
  });

  it("loses, doubles and reorders on a path that is worse than TCP", () => {
    const { network, own, dialled, run } = pair();
    const seen: number[] = [];
    own.subscribe("a", ({ payload }) => seen.push(Number(decoder.decode(payload))));
    run(100);
    const bad = { ...GOOD_PATH, lossPermille: 200, duplicatePermille: 200, reorderPermille: 200 };
    network.setQuality("leaf", "hub", bad);
    for (let i = 0; i < 200; i++) dialled().publish("a", encoder.encode(String(i)));
    run(1000);
    expect(new Set(seen).size).toBeLessThan(200);
    expect(seen.length).toBeGreaterThan(new Set(seen).size);
    expect(seen).not.toEqual([...seen].sort((a, b) => a - b));
  });

  it("lets what waits before a narrow path through, in order, as soon as it is wide again", () => {
    const { network, own, dialled, run } = pair();
    const seen: number[] = [];
    own.subscribe("a", ({ payload }) => seen.push(payload[0]));
    run(100);
    network.setQuality("leaf", "hub", { ...GOOD_PATH, bytesPerMs: 1 });
    for (let i = 0; i < 10; i++) dialled().publish("a", new Uint8Array(10_000).fill(i));
    run(25_000);
    expect(seen).toEqual([0, 1]);
    network.setQuality("leaf", "hub", GOOD_PATH);
    dialled().publish("a", new Uint8Array([10]));
    run(100);
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it("closes the other side when a process is killed, and not when the power fails", () => {
    for (const [powerLoss, closed] of [[false, 1], [true, 0]] as const) {
      const { network, dialled, run } = pair();
      let reasons = 0;
      run(100);
      dialled().onClosed(() => reasons++);
      network.host("hub")!.stop({ powerLoss });
      run(1000);
      expect(reasons).toBe(closed);
    }
  });

  it("a frozen process does what came meanwhile when it wakes", () => {
    const { network, own, dialled, run } = pair();
    const seen: string[] = [];
    own.subscribe("a", ({ payload }) => seen.push(decoder.decode(payload)));
    run(100);
    network.host("hub")!.freeze();
    dialled().publish("a", encoder.encode("1"));
    run(1000);
    expect(seen).toEqual([]);
    network.host("hub")!.wake();
    run(1);
    expect(seen).toEqual(["1"]);
  });

  it("shows how much has not been written while nothing gets through", () => {
    const { network, dialled, run } = pair();
    run(100);
    network.setHole("leaf", "hub", true);
    for (let i = 0; i < 4; i++) dialled().publish("x.rx.y", new Uint8Array(256 * 1024));
    run(1000);
    expect(dialled().bufferedBytes).toBeGreaterThan(700 * 1024);
  });
});

/** A disk in a machine of its own. */
function openDisk(options: { syncsCommits?: boolean; bytesMax?: number } = {}): {
  disk: VirtualDisk;
  open: () => CustodyLog;
  crash: () => void;
  run: (ms: number) => void;
} {
  const scheduler = new Scheduler();
  const trace = new Trace(() => scheduler.now);
  const network = new VirtualNetwork({ scheduler, trace, random: new SimRandom(3) });
  const host = network.addHost("paris");
  const disk = new VirtualDisk(host, {
    random: new SimRandom(5),
    watcher: { appended: () => {}, changed: () => {} },
    options: {
      cluster: "paris",
      syncUsMin: 1000,
      syncUsMax: 1000,
      syncsCommits: true,
      syncEveryMs: 1000,
      bytesMax: 1_000_000,
      ...options,
    },
  });
  return {
    disk,
    open: () => disk.open(host.start()),
    crash: () => host.stop({ powerLoss: true }),
    run: (ms) => scheduler.runUntil(scheduler.now + ms * 1000),
  };
}

const ENTRY = { event: anEvent(), topic: "order.placed", ttlMs: 0 };
const ignore = (): void => {};

describe("virtual disk", () => {
  it("numbers own events by position, and keeps the origin of others", () => {
    const { open, run, disk } = openDisk();
    const log = open();
    const origin = { cluster: "oslo", epoch: 7, sequence: 99 };
    log.commit([ENTRY, { ...ENTRY, origin }], [], ignore);
    run(10);
    const [own, foreign] = disk.content.events;
    expect([own.origin, own.epoch, own.sequence, own.position]).toEqual(["paris", log.incarnation.epoch, 1, 1]);
    expect([foreign.origin, foreign.epoch, foreign.sequence, foreign.position]).toEqual(["oslo", 7, 99, 2]);
  });

  it("answers commits in order, after a sync that they share, and tells readers of each", () => {
    const { open, run } = openDisk();
    const log = open();
    const answers: (number | undefined)[] = [];
    const told: (readonly StoredEvent[])[] = [];
    log.onAppend((events) => told.push(events));
    for (let i = 0; i < 3; i++) log.commit([ENTRY], [], (_, appended) => answers.push(appended?.position));
    run(0.5);
    expect(answers).toEqual([]);
    run(3);
    expect(answers).toEqual([1, 2, 3]);
    expect(told.map((events) => events[0].position)).toEqual([1, 2, 3]);
  });

  it("puts the position of the first event into a key that asks for it", () => {
    const { open, run, disk } = openDisk();
    const log = open();
    log.commit([ENTRY, ENTRY], [{ key: "federation/custody/x", value: new Uint8Array(1), atPosition: true }], ignore);
    run(10);
    expect([...disk.content.documents.keys()]).toEqual(["federation/custody/x/0000000000000001"]);
  });

  it("keeps each commit of a crash as a whole or not at all, and never one without those before it", () => {
    for (let round = 0; round < 30; round++) {
      const { open, run, crash, disk } = openDisk();
      const log = open();
      log.commit([], [{ key: "first", value: new Uint8Array(0) }], ignore);
      run(0.1 * (round % 3));
      for (let i = 0; i < 5; i++) log.commit([ENTRY], [{ key: `d${i}`, value: new Uint8Array(0) }], ignore);
      run(0.05 * round);
      crash();
      const { head, documents } = disk.content;
      expect([...documents.keys()].filter((key) => key !== "first")).toEqual(
        Array.from({ length: head }, (_, i) => `d${i}`),
      );
    }
  });

  it("keeps what it acknowledged, unless it says that it does not sync", () => {
    const lost: number[] = [];
    for (const syncsCommits of [true, false]) {
      const { open, run, crash, disk } = openDisk({ syncsCommits });
      const log = open();
      for (let i = 0; i < 50; i++) log.commit([ENTRY], [{ key: "count", value: Uint8Array.of(i + 1) }], ignore);
      run(100);
      crash();
      lost.push(50 - disk.content.head);
      expect(disk.content.documents.get("count")?.[0] ?? 0).toBe(disk.content.head);
    }
    expect(lost[0]).toBe(0);
    expect(lost[1]).toBeGreaterThan(0);
  });

  it("refuses events while it is full, and takes them again when what nobody needs is gone", () => {
    const { open, run, disk } = openDisk({ bytesMax: 1000 });
    const log = open();
    const errors: string[] = [];
    const commit = (): void => log.commit([ENTRY], [], (error) => errors.push((error as Error)?.name ?? "none"));
    for (let i = 0; i < 30; i++) commit();
    run(100);
    expect(errors.at(-1)).toBe("StoreFullError");
    disk.needed = () => [];
    commit();
    run(10);
    expect(errors.at(-1)).toBe("none");
    expect(log.tail).toBe(log.head);
  });

  it("has an epoch at each start that it never had before, and says when it was restored", () => {
    const { disk, open, crash } = openDisk();
    const copy = disk.snapshot();
    const first = open().incarnation;
    crash();
    disk.restore(copy, { told: true });
    const second = open().incarnation;
    expect(second.epoch).not.toBe(first.epoch);
    expect(second.opened).toBe("restored");
    expect(second.storeId).toBe(first.storeId);
  });
});
