/** What the simulator takes for a broker behaves as a real nats-server does: the same random operations to both. */

import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { openReceiveStream } from "../../adapters/link/jetstream/mod.ts";
import { connectNats, dialNats } from "../../adapters/link/nats/mod.ts";
import { decodeAnswer, type FrameAnswer } from "../../federation/link/publish_ack.ts";
import type { LinkBus } from "../../federation/mod.ts";
import { Scheduler } from "../simulator/scheduler.ts";
import { SimRandom } from "../simulator/sim_random.ts";
import { Trace } from "../simulator/trace.ts";
import { VirtualBroker } from "../simulator/virtual_broker.ts";
import { type Brokers, createDial, urlOf } from "../simulator/virtual_dial.ts";
import { VirtualNetwork } from "../simulator/virtual_network.ts";
import { VirtualStream } from "../simulator/virtual_stream.ts";
import { eventually } from "../support/eventually.ts";
import { natsBinary } from "../support/nats_binary.ts";
import { NatsServer } from "../support/nats_server.ts";

const { absence } = natsBinary();
const TIMEOUT_MS = 120_000;
const CLIENTS = 3;
const NOBODY = "nobody.there";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Buses of clients of one broker, and a way to let everything arrive that is under way. */
interface Buses {
  readonly clients: readonly LinkBus[];
  settle(open: readonly LinkBus[]): Promise<void>;
}

function virtualBuses(): Buses {
  const scheduler = new Scheduler();
  const trace = new Trace(() => scheduler.now);
  const network = new VirtualNetwork({ scheduler, trace, random: new SimRandom(1) });
  const brokers: Brokers = new Map([["hub", new VirtualBroker(network.addHost("hub").start())]]);
  const run = () => scheduler.runUntil(scheduler.now + 1_000_000);
  const clients = Array.from({ length: CLIENTS }, (_, i) => {
    let bus: LinkBus | undefined;
    const dial = createDial(network, brokers, network.addHost(`client-${i}`).start());
    dial(urlOf("hub"), { timeoutMs: 1000 }, (result) => bus = "bus" in result ? result.bus : undefined);
    run();
    return bus!;
  });
  return { clients, settle: () => Promise.resolve(run()) };
}

async function realBuses(url: string): Promise<Buses> {
  const dial = (node: string) =>
    new Promise<LinkBus>((resolve, reject) => {
      dialNats({ node })(url, { timeoutMs: 10_000 }, (result) => {
        "bus" in result ? resolve(result.bus) : reject(new Error(result.failure.detail));
      });
    });
  const clients = await Promise.all(Array.from({ length: CLIENTS }, (_, i) => dial(`client-${i}`)));
  const turn = (bus: LinkBus) =>
    new Promise<void>((resolve) => bus.request(NOBODY, encoder.encode(""), {}, () => resolve()));
  return {
    clients,
    // What a server has routed to a client comes before its answer to it. So after one turn of all a request is on its way to who answers, after
    // the second one it is there, after the third one the reply is with the server, and after the fourth one with who asked.
    settle: async (open) => {
      for (let i = 0; i < 4; i++) await Promise.all(open.map(turn));
    },
  };
}

interface Step {
  readonly client: number;
  readonly run: (clients: readonly LinkBus[], players: Player[]) => void;
}

/** One client's subscriptions by slot, and what it heard. */
class Player {
  readonly slots = new Map<number, () => void>();
  heard: string[] = [];
  closed = false;
}

const subject = fc.constantFrom("a", "a.b", "a.b.c", "a.c", "b", "weft.v1.acme.l.x.y.hello");
const pattern = fc.oneof(subject, fc.constantFrom("a.*", "a.>", "*.b", "*", "weft.v1.acme.l.*.y.*", "weft.>"));
const client = fc.integer({ min: 0, max: CLIENTS - 1 });
const payload = fc.stringMatching(/^[a-z]{0,8}$/);
const slot = fc.integer({ min: 0, max: 3 });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ client, slot, pattern }).map(({ client, slot, pattern }) => ({
      client,
      run: (clients: readonly LinkBus[], players: Player[]) => {
        const { slots, heard } = players[client];
        slots.get(slot)?.();
        slots.set(
          slot,
          clients[client].subscribe(pattern, ({ subject, payload, respond }) => {
            players[client].heard.push(`${slot} ${pattern} has ${subject} ${decoder.decode(payload)}`);
            respond?.(Uint8Array.from(payload).reverse());
          }),
        );
        heard.length = 0;
      },
    })),
  },
  {
    weight: 2,
    arbitrary: fc.record({ client, slot }).map(({ client, slot }) => ({
      client,
      run: (_: readonly LinkBus[], players: Player[]) => {
        players[client].slots.get(slot)?.();
        players[client].slots.delete(slot);
      },
    })),
  },
  {
    weight: 6,
    arbitrary: fc.record({ client, subject, payload }).map(({ client, subject, payload }) => ({
      client,
      run: (clients: readonly LinkBus[]) => clients[client].publish(subject, encoder.encode(payload)),
    })),
  },
  {
    weight: 4,
    arbitrary: fc.record({ client, subject, payload }).map(({ client, subject, payload }) => ({
      client,
      run: (clients: readonly LinkBus[], players: Player[]) => {
        clients[client].request(subject, encoder.encode(payload), {}, (answer) => {
          players[client].heard.push(`answer to ${subject}: ${answer === undefined ? "none" : decoder.decode(answer)}`);
        });
      },
    })),
  },
  {
    weight: 1,
    arbitrary: client.map((client) => ({
      client,
      run: (clients: readonly LinkBus[], players: Player[]) => {
        players[client].closed = true;
        clients[client].close();
      },
    })),
  },
);

/** What each client hears after each step. */
async function play({ clients, settle }: Buses, steps: readonly Step[]): Promise<string[][][]> {
  const players = clients.map(() => new Player());
  const heard: string[][][] = [];
  for (const { client, run } of steps) {
    if (players[client].closed) continue;
    run(clients, players);
    await settle(clients.filter((_, i) => !players[i].closed));
    heard.push(players.map((player) => player.heard.splice(0).sort()));
  }
  return heard;
}

describe.skipIf(absence !== undefined)(`the virtual broker${absence ?? ""}`, () => {
  it("delivers, answers and forgets as a nats-server does", async () => {
    await using server = await NatsServer.start();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30, size: "max" }), async (steps) => {
        const real = await realBuses(server.url);
        try {
          expect(await play(virtualBuses(), steps)).toEqual(await play(real, steps));
        } finally {
          for (const bus of real.clients) bus.close();
        }
      }),
      { numRuns: 150 },
    );
  }, TIMEOUT_MS);
});

const STREAM_BYTES = 65_536;

const streamStep = fc.oneof(
  // Sizes that no overhead of the real stream's makes fit or not.
  {
    weight: 8,
    arbitrary: fc.record({ offset: fc.constantFrom(0, 0, 0, 0, -1, 1, 2), bytes: fc.constantFrom(10_000, 20_000) }),
  },
  { weight: 2, arbitrary: fc.record({ release: fc.nat(3) }) },
);

describe.skipIf(absence !== undefined)(`the virtual stream${absence ?? ""}`, () => {
  it("takes and refuses frames as JetStream does", async () => {
    await using server = await NatsServer.start({ jetstream: true });
    const nats = await connectNats(server.url, { name: "bob", timeoutMs: 10_000 });
    const { clients: [alice] } = await realBuses(server.url);
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(streamStep, { minLength: 1, maxLength: 30, size: "max" }), async (steps) => {
        const model = new VirtualStream(STREAM_BYTES);
        const settings = { federation: "acme", from: "alice", to: `bob${++run}`, lane: "normal", replicas: 1 };
        const stream = await openReceiveStream(nats, { ...settings, timeoutMs: 10_000, bytesMax: STREAM_BYTES });
        for (const step of steps) {
          if ("release" in step) {
            const upTo = model.last - step.release;
            model.release(upTo);
            await stream.release(upTo);
            continue;
          }
          const expected = Math.max(0, model.last + step.offset);
          const payload = new Uint8Array(step.bytes);
          const answer = await new Promise<Uint8Array | undefined>((resolve) =>
            alice.request(stream.subject, payload, { expectedLastSequence: expected }, resolve)
          );
          expect(withoutDetail(decodeAnswer(answer!))).toEqual(withoutDetail(model.publish(payload, expected)));
        }
        expect(await stream.lastSequence()).toBe(model.last);
        await eventually(async () => expect(await stream.held()).toBe(model.frames.length));
      }),
      { numRuns: 25 },
    );
    alice.close();
    nats.close();
  }, TIMEOUT_MS);
});

function withoutDetail(answer: FrameAnswer): unknown {
  return { ...answer, detail: undefined };
}
