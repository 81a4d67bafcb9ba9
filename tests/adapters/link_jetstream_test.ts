import { afterEach, beforeEach, describe, expect, it } from "bun:test";

import { systemWorld } from "../../adapters/federation/system_world.ts";
import { type FrameReader, openReceiveStream, type ReceiveStream } from "../../adapters/link/jetstream/mod.ts";
import { connectNats, dialNats, type NatsClient } from "../../adapters/link/nats/mod.ts";
import { EventReader } from "../../federation/custody/event_reader.ts";
import { ShipmentQueue } from "../../federation/custody/queue.ts";
import { decodeFrame } from "../../federation/link/codec/mod.ts";
import { LaneSender } from "../../federation/link/lane_sender.ts";
import { decodeAnswer } from "../../federation/link/publish_ack.ts";
import type { LinkBus } from "../../federation/mod.ts";
import { systemClock } from "../../node/mod.ts";
import { aShipment } from "../federation/shipment_support.ts";
import { eventually } from "../support/eventually.ts";
import { FakeLog } from "../support/fake_log.ts";
import { natsBinary } from "../support/nats_binary.ts";
import { NatsServer } from "../support/nats_server.ts";

const { absence } = natsBinary();
const TIMEOUT_MS = 30_000;
const FRAMES = "weft.v1.acme.rx.alice.bob.normal";
const SETTINGS = { federation: "acme", from: "alice", to: "bob", lane: "normal", replicas: 1, timeoutMs: 10_000 };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

describe.skipIf(absence !== undefined)(`ReceiveStream on a nats-server with JetStream${absence ?? ""}`, () => {
  let server: NatsServer;
  /** Who sends, as a link does. */
  let alice: LinkBus;
  /** Who receives. */
  let bob: NatsClient;
  let stream: ReceiveStream;
  let readers: FrameReader[];

  beforeEach(async () => {
    server = await NatsServer.start({ jetstream: true });
    readers = [];
    await connect();
  });

  afterEach(async () => {
    for (const reader of readers) reader.stop();
    alice.close();
    bob.close();
    await server[Symbol.asyncDispose]();
  });

  const rule = (title: string, run: () => Promise<void>) => it(title, run, TIMEOUT_MS);

  async function connect(bytesMax = 64 * 1024 * 1024): Promise<void> {
    alice = await new Promise((resolve, reject) => {
      dialNats({ node: "alice" })(server.url, { timeoutMs: 10_000 }, (result) => {
        "bus" in result ? resolve(result.bus) : reject(new Error(result.failure.detail));
      });
    });
    bob = await connectNats(server.url, { name: "bob", timeoutMs: 10_000 });
    stream = await openReceiveStream(bob, { ...SETTINGS, bytesMax });
  }

  /** As after a crash: of the server and of everybody's connections. */
  async function crash(): Promise<void> {
    await server.kill();
    await server.restart();
    await connect();
  }

  const accepted = (sequence: number) => ({ type: "accepted", sequence, alone: true });

  /** Publishes a frame; the answer as a sender of frames understands it. */
  function send(sequence: number, payload: Uint8Array = encoder.encode(`frame ${sequence}`)): Promise<unknown> {
    return new Promise((resolve) => {
      alice.request(FRAMES, payload, { expectedLastSequence: sequence - 1 }, (answer) => {
        resolve(answer && decodeAnswer(answer));
      });
    });
  }

  function sendAll(first: number, last: number, payload?: Uint8Array): Promise<unknown[]> {
    return Promise.all(range(first, last).map((sequence) => send(sequence, payload)));
  }

  function read(options: { after?: number; bytesAheadMax?: number; heartbeatMs?: number } = {}) {
    const frames: { sequence: number; payload: Uint8Array }[] = [];
    const restarts: string[] = [];
    const reader = stream.read({
      after: 0,
      bytesAheadMax: 16 * 1024 * 1024,
      heartbeatMs: 1000,
      ...options,
      onFrame: (sequence, payload) => frames.push({ sequence, payload }),
      onRestart: (reason) => restarts.push(reason),
    });
    readers.push(reader);
    return { reader, frames, restarts, sequences: () => frames.map(({ sequence }) => sequence) };
  }

  rule("takes 1,000 pipelined frames, and JetStream acknowledges each with its sequence", async () => {
    const answers = await sendAll(1, 1_000, new Uint8Array(4_096));
    expect(answers).toEqual(range(1, 1_000).map(accepted));
    expect(await stream.lastSequence()).toBe(1_000);
  });

  rule("refuses a frame that it has, and tells which is its last", async () => {
    await sendAll(1, 3);
    const refusal = { type: "wrongSequence", last: 3, linkEpoch: undefined };
    expect(await sendAll(1, 3)).toEqual([refusal, refusal, refusal]);
    expect(await stream.held()).toBe(3);
    expect(await send(4)).toEqual(accepted(4));
  });

  rule("refuses everything behind a gap, so that nothing is ever stored out of order", async () => {
    await sendAll(1, 3);
    const answers = await Promise.all([4, 6, 7, 8].map((sequence) => send(sequence)));
    const refusal = { type: "wrongSequence", last: 4, linkEpoch: undefined };
    expect(answers).toEqual([accepted(4), refusal, refusal, refusal]);
    expect((await sendAll(5, 8)).map((answer) => (answer as { type: string }).type)).toEqual(Array(4).fill("accepted"));
  });

  rule("takes the frames of a sender that was there before, behind those of its earlier link epochs", async () => {
    const { frames } = read();
    await sendAll(1, 3);
    const log = new FakeLog();
    const queue = new ShipmentQueue();
    const world = systemWorld(systemClock);
    const left = new Set(range(1, 100));
    let epochs = 0;
    const createSender = () =>
      new LaneSender({
        world,
        self: "alice",
        peer: "bob",
        newLinkEpoch: () => ++epochs,
        lane: "normal",
        queue,
        reader: new EventReader(log, world, () => {}),
        age: () => log.now(),
        request: (frame, sequence, done) => alice.request(FRAMES, frame, { expectedLastSequence: sequence - 1 }, done),
        buffered: () => alice.bufferedBytes,
        release: (shipments) => {
          for (const { firstSequence, count } of shipments) {
            for (let i = 0; i < count; i++) left.delete(firstSequence + i);
          }
        },
        takeBack: (shipments) => queue.putBack(shipments),
        onNotice: ({ code, detail }) => {
          throw new Error(`${code}: ${detail}`);
        },
      });
    let sent = 0;
    for (let run = 0; run < 2; run++) {
      const sender = createSender();
      sender.open(++epochs, { received: undefined, regretMs: 0 });
      for (let i = 0; i < 50; i++) {
        log.append({});
        queue.push(aShipment({ position: log.head, firstSequence: log.head }));
        sender.pump();
      }
      await eventually(() => expect(sender.state.unacked + queue.events).toBe(0));
      sent = sender.state.sentSequence;
    }
    expect([...left]).toEqual([]);
    await eventually(() => expect(frames).toHaveLength(sent));
    const events = frames.slice(3).flatMap(({ sequence, payload }) => {
      const decoded = decodeFrame(payload.slice());
      if ("problem" in decoded) throw new Error(decoded.detail);
      expect(decoded.frame.sequence).toBe(sequence);
      return decoded.frame.groups.flatMap(({ events }) => events.map((event) => event.sequence));
    });
    expect(events).toEqual(range(1, 100));
  });

  rule("is nobody's answer where there is no stream", async () => {
    const answer = await new Promise((resolve) => {
      alice.request("weft.v1.acme.rx.alice.bob.bulk", new Uint8Array(1), { expectedLastSequence: 0 }, resolve);
    });
    expect(answer).toBeUndefined();
  });

  rule("hands frames on in order, those that are there and those that come", async () => {
    await sendAll(1, 500);
    const { frames, sequences, restarts } = read();
    await sendAll(501, 1_000);
    await eventually(() => expect(frames).toHaveLength(1_000));
    expect(sequences()).toEqual(range(1, 1_000));
    expect(frames.map(({ payload }) => decoder.decode(payload))).toEqual(range(1, 1_000).map((i) => `frame ${i}`));
    expect(restarts).toEqual([]);
  });

  rule("hands frames on from where its caller was", async () => {
    await sendAll(1, 20);
    const { sequences } = read({ after: 15 });
    await eventually(() => expect(sequences()).toEqual(range(16, 20)));
  });

  rule("hands on no more than its caller can hold, until that is done", async () => {
    await sendAll(1, 40, new Uint8Array(64 * 1024));
    const { reader, frames, sequences } = read({ bytesAheadMax: 512 * 1024 });
    const roundTrip = () => stream.lastSequence();
    await eventually(() => expect(frames.length).toBeGreaterThanOrEqual(7));
    await roundTrip();
    expect(frames.length).toBeLessThanOrEqual(8);
    reader.done(4);
    await eventually(() => expect(frames.length).toBeGreaterThanOrEqual(11));
    await roundTrip();
    expect(frames.length).toBeLessThanOrEqual(12);
    await eventually(() => {
      reader.done(frames.length);
      expect(sequences()).toEqual(range(1, 40));
    });
  });

  rule("hands on a frame that is larger than its caller said it can hold, alone", async () => {
    await send(1, new Uint8Array(10));
    await send(2, new Uint8Array(500_000));
    await send(3, new Uint8Array(10));
    const { reader, sequences } = read({ bytesAheadMax: 1_000 });
    await eventually(() => expect(sequences()).toEqual([1]));
    reader.done(1);
    await eventually(() => expect(sequences()).toEqual([1, 2]));
    reader.done(2);
    await eventually(() => expect(sequences()).toEqual([1, 2, 3]));
  });

  rule("goes on after requests expired with nothing to hand on", async () => {
    let requests = 0;
    const watcher = await connectNats(server.url, { name: "watcher", timeoutMs: 10_000 });
    watcher.subscribe("$JS.API.CONSUMER.MSG.NEXT.>", () => requests++);
    const { sequences, restarts } = read({ heartbeatMs: 100 });
    await eventually(() => expect(requests).toBeGreaterThanOrEqual(3));
    watcher.close();
    await sendAll(1, 3);
    await eventually(() => expect(sequences()).toEqual([1, 2, 3]));
    expect(restarts).toEqual([]);
  });

  rule("starts over where it was when its consumer goes away", async () => {
    await sendAll(1, 10);
    const { frames, sequences, restarts } = read({ heartbeatMs: 200 });
    await eventually(() => expect(frames).toHaveLength(10));
    const [consumer] = (await ask<{ consumers: string[] }>(`CONSUMER.NAMES.${stream.name}`)).consumers;
    await ask(`CONSUMER.DELETE.${stream.name}.${consumer}`);
    await eventually(() => expect(restarts).toHaveLength(1));
    await sendAll(11, 20);
    await eventually(() => expect(sequences()).toEqual(range(1, 20)));
  });

  rule("keeps frames and the place over a crash of the server", async () => {
    await sendAll(1, 50);
    const before = read();
    await eventually(() => expect(before.frames).toHaveLength(50));
    await crash();
    expect(await stream.lastSequence()).toBe(50);
    expect(await send(50)).toEqual({ type: "wrongSequence", last: 50, linkEpoch: undefined });
    expect(await send(51)).toEqual(accepted(51));
    const after = read({ after: 40 });
    await eventually(() => expect(after.sequences()).toEqual(range(41, 51)));
    expect(before.frames).toHaveLength(50);
  });

  rule("knows its last sequence when every frame was released, also after a crash", async () => {
    await sendAll(1, 50);
    await Promise.all([stream.release(20), stream.release(50), stream.release(30)]);
    expect([await stream.held(), await stream.lastSequence()]).toEqual([0, 50]);
    await crash();
    expect([await stream.held(), await stream.lastSequence()]).toEqual([0, 50]);
    expect(await send(51)).toEqual(accepted(51));
    const { sequences } = read({ after: 50 });
    await eventually(() => expect(sequences()).toEqual([51]));
  });

  rule("refuses frames while it is full, loses none that it took, and takes more after a release", async () => {
    alice.close();
    bob.close();
    await connect(1024 * 1024);
    const answers = await sendAll(1, 6, new Uint8Array(256 * 1024));
    const types = answers.map((answer) => (answer as { type: string }).type);
    expect(types.slice(0, 4)).toEqual(["accepted", "accepted", "accepted", "full"]);
    expect(await stream.held()).toBe(3);
    await stream.release(2);
    expect(await send(4, new Uint8Array(256 * 1024))).toEqual(accepted(4));
  });

  rule("says what to do where the server has no JetStream", async () => {
    await using plain = await NatsServer.start();
    const client = await connectNats(plain.url, { name: "bob", timeoutMs: 10_000 });
    await expect(openReceiveStream(client, { ...SETTINGS, bytesMax: 1_000_000 })).rejects.toThrow("enable JetStream");
    client.close();
  });

  function ask<Answer>(name: string): Promise<Answer> {
    return new Promise((resolve) => {
      bob.request(`$JS.API.${name}`, new Uint8Array(0), {}, (answer) => resolve(JSON.parse(decoder.decode(answer))));
    });
  }
});

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
