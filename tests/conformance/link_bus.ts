/** What every bus of links must do. A ten-line test per adapter calls this. */

import { afterEach, beforeEach, describe, expect, it } from "bun:test";

import type { BusMessage, LinkBus } from "../../federation/mod.ts";
import { eventually } from "../support/eventually.ts";

/** Two clients of one bus. */
export interface BusFixture extends AsyncDisposable {
  readonly alice: LinkBus;
  readonly bob: LinkBus;
  /** Ends what is between them. */
  cut(): Promise<void>;
}

export interface LinkBusSuite {
  readonly name: string;
  createFixture(): Promise<BusFixture>;
}

const HELLO = "weft.v1.acme.l.alice.bob.hello";
const FRAMES = "weft.v1.acme.rx.alice.bob.normal";
const FROM_ALICE = "weft.v1.acme.l.*.bob.*";
const FRAMES_FROM_ALICE = "weft.v1.acme.rx.*.bob.*";
const TIMEOUT_MS = 30_000;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function testLinkBus({ name, createFixture }: LinkBusSuite): void {
  describe(`${name}: LinkBus`, () => {
    let fixture: BusFixture;
    let alice: LinkBus;
    let bob: LinkBus;

    beforeEach(async () => {
      fixture = await createFixture();
      ({ alice, bob } = fixture);
    });

    afterEach(async () => {
      await fixture[Symbol.asyncDispose]();
    });

    const rule = (title: string, run: () => Promise<void>) => it(title, run, TIMEOUT_MS);

    rule("publish() reaches every listener whose pattern fits, with subject and bytes as they were", async () => {
      const heard: string[] = [];
      for (const pattern of [FROM_ALICE, HELLO, "weft.v1.acme.l.>", "weft.v1.*.meet", "weft.v1.acme.l.alice.bob"]) {
        bob.subscribe(
          pattern,
          ({ subject, payload }) => heard.push(`${pattern} ${subject} ${decoder.decode(payload)}`),
        );
      }
      await settle(bob);
      alice.publish("weft.v1.acme.l.alice.charlie.db", encoder.encode("first"));
      alice.publish(HELLO, encoder.encode("second"));
      await eventually(() => expect(heard).toHaveLength(4));
      expect(heard.sort()).toEqual([
        `${FROM_ALICE} ${HELLO} second`,
        `${HELLO} ${HELLO} second`,
        `weft.v1.acme.l.> ${HELLO} second`,
        "weft.v1.acme.l.> weft.v1.acme.l.alice.charlie.db first",
      ].sort());
    });

    rule("publish() asks for no answer, and may be of no bytes at all", async () => {
      const heard = listen(bob, HELLO);
      await settle(bob);
      alice.publish(HELLO, new Uint8Array(0));
      await eventually(() => expect(heard).toHaveLength(1));
      expect(heard[0].payload).toHaveLength(0);
      expect(heard[0].respond).toBeUndefined();
    });

    rule("publish() keeps the order of each kind of subjects", async () => {
      const heard = [listen(bob, FROM_ALICE), listen(bob, FRAMES_FROM_ALICE)];
      await settle(bob);
      const sent = Array.from({ length: 5_000 }, (_, i) => i);
      for (const i of sent) {
        alice.publish(`weft.v1.acme.l.alice.bob.${i % 2 === 0 ? "hello" : "db"}`, encoder.encode(String(i)));
        alice.publish(`weft.v1.acme.rx.alice.bob.${i % 2 === 0 ? "high" : "bulk"}`, encoder.encode(String(i)));
      }
      await eventually(() => expect(heard.map(({ length }) => length)).toEqual([5_000, 5_000]));
      for (const messages of heard) {
        expect(messages.map(({ payload }) => Number(decoder.decode(payload)))).toEqual(sent);
      }
    });

    rule("publish() does not come back to its own listeners", async () => {
      const own = [listen(alice, HELLO), listen(alice, FRAMES)];
      const heard = [listen(bob, HELLO), listen(bob, FRAMES)];
      await settle(alice, bob);
      alice.publish(HELLO, encoder.encode("a"));
      alice.publish(FRAMES, encoder.encode("a"));
      await eventually(() => expect(heard.map(({ length }) => length)).toEqual([1, 1]));
      await settle(alice);
      expect(own).toEqual([[], []]);
    });

    rule("request() gets its own answer, however many are under way", async () => {
      bob.subscribe(FRAMES, ({ payload, respond }) => respond!(encoder.encode(`seen ${decoder.decode(payload)}`)));
      await settle(bob);
      const answers: string[] = [];
      for (let i = 0; i < 1_000; i++) {
        alice.request(FRAMES, encoder.encode(String(i)), { expectedLastSequence: i }, (answer) => {
          answers[i] = answer === undefined ? "none" : decoder.decode(answer);
        });
      }
      await eventually(() => expect(answers.filter(Boolean)).toHaveLength(1_000));
      expect(answers).toEqual(Array.from({ length: 1_000 }, (_, i) => `seen ${i}`));
    });

    rule("request() takes the first answer, later or twice as it may come", async () => {
      const heard = listen(bob, FRAMES);
      await settle(bob);
      const answers: unknown[] = [];
      alice.request(FRAMES, new Uint8Array(1), {}, (answer) => answers.push(answer && decoder.decode(answer)));
      await eventually(() => expect(heard).toHaveLength(1));
      heard[0].respond!(encoder.encode("first"));
      heard[0].respond!(encoder.encode("second"));
      await eventually(() => expect(answers).toEqual(["first"]));
      await settle(bob, alice);
      expect(answers).toEqual(["first"]);
    });

    rule("request() says when nobody listens", async () => {
      expect(await ask(alice, FRAMES)).toBeUndefined();
      expect(await ask(alice, HELLO)).toBeUndefined();
    });

    rule("subscribe() hears no more once it was taken back", async () => {
      const heard: string[] = [];
      const stop = bob.subscribe(HELLO, ({ payload }) => heard.push(decoder.decode(payload)));
      const other = listen(bob, HELLO);
      await settle(bob);
      alice.publish(HELLO, encoder.encode("before"));
      await eventually(() => expect(heard).toEqual(["before"]));
      stop();
      stop();
      alice.publish(HELLO, encoder.encode("after"));
      await eventually(() => expect(other).toHaveLength(2));
      expect(heard).toEqual(["before"]);
    });

    rule("carries payloads up to payloadBytesMax; a larger one is not sent, and does no harm", async () => {
      const heard = listen(bob, FRAMES);
      await settle(bob);
      const largest = Uint8Array.from({ length: alice.payloadBytesMax }, (_, i) => i * 7);
      alice.publish(FRAMES, new Uint8Array(alice.payloadBytesMax + 1));
      expect(await ask(alice, FRAMES, new Uint8Array(alice.payloadBytesMax + 1))).toBeUndefined();
      alice.request(FRAMES, largest, { expectedLastSequence: Number.MAX_SAFE_INTEGER }, () => {});
      await eventually(() => expect(heard).toHaveLength(1));
      expect(equal(heard[0].payload, largest)).toBe(true);
    });

    rule("leaves payloads to their listener: they are not overwritten by later ones", async () => {
      const heard = listen(bob, FRAMES);
      await settle(bob);
      const sizes = Array.from({ length: 60 }, (_, i) => [10, 3_000, 70_000][i % 3]);
      for (const [i, size] of sizes.entries()) alice.publish(FRAMES, new Uint8Array(size).fill(i));
      await eventually(() => expect(heard).toHaveLength(sizes.length));
      const intact = sizes.map((size, i) => equal(heard[i].payload, new Uint8Array(size).fill(i)));
      expect(intact).toEqual(sizes.map(() => true));
    });

    rule(
      "counts what is not written yet, so that a sender who looks keeps memory bounded and loses nothing",
      async () => {
        const [frames, frameBytes, bytesMax] = [256, 256 * 1024, 4 * 1024 * 1024];
        let bytes = 0;
        bob.subscribe(FRAMES, ({ payload }) => bytes += payload.length);
        await settle(bob);
        let most = 0;
        for (let sent = 0; sent < frames; sent++) {
          await eventually(() => alice.bufferedBytes < bytesMax, { intervalMs: 1 });
          alice.publish(FRAMES, new Uint8Array(frameBytes));
          most = Math.max(most, alice.bufferedBytes);
        }
        await eventually(() => expect(bytes).toBe(frames * frameBytes), { timeoutMs: 20_000 });
        expect(most).toBeGreaterThanOrEqual(frameBytes);
        expect(most).toBeLessThan(bytesMax + 2 * frameBytes);
        await eventually(() => expect(alice.bufferedBytes).toBe(0));
      },
    );

    rule("onClosed() tells the reason once, when the bus ends by itself", async () => {
      const reasons: string[] = [];
      alice.onClosed((reason) => reasons.push(reason));
      bob.onClosed((reason) => reasons.push(reason));
      await fixture.cut();
      await eventually(() => expect(reasons).toHaveLength(2));
      expect(reasons.every((reason) => reason.length > 0)).toBe(true);
      let late = "";
      alice.onClosed((reason) => late = reason);
      expect(reasons).toContain(late);
      alice.publish(HELLO, new Uint8Array(1));
      expect(await ask(alice, FRAMES)).toBeUndefined();
      alice.close();
      expect(reasons).toHaveLength(2);
    });

    rule("request() hears that no answer can come when the bus ends", async () => {
      const heard = listen(bob, FRAMES);
      await settle(bob);
      const answer = ask(alice, FRAMES);
      await eventually(() => expect(heard).toHaveLength(1));
      await fixture.cut();
      expect(await answer).toBeUndefined();
    });

    rule("close() can be called twice, tells no reason, and ends hearing and sending without a throw", async () => {
      const heard = listen(bob, HELLO);
      const others = listen(alice, "weft.v1.acme.l.bob.alice.hello");
      await settle(alice, bob);
      let reason: string | undefined;
      bob.onClosed((why) => reason = why);
      const pending = ask(bob, "weft.v1.acme.rx.bob.charlie.normal");
      bob.close();
      bob.close();
      alice.publish(HELLO, new Uint8Array(1));
      bob.publish("weft.v1.acme.l.bob.alice.hello", new Uint8Array(1));
      bob.subscribe(HELLO, (message) => heard.push(message))();
      expect(await ask(bob, FRAMES)).toBeUndefined();
      expect(await pending).toBeUndefined();
      await settle(alice);
      expect([heard, others, reason]).toEqual([[], [], undefined]);
    });
  });
}

function listen(bus: LinkBus, pattern: string): BusMessage[] {
  const heard: BusMessage[] = [];
  bus.subscribe(pattern, (message) => heard.push(message));
  return heard;
}

function ask(bus: LinkBus, subject: string, payload = new Uint8Array(1)): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => bus.request(subject, payload, {}, resolve));
}

/** What a client asked for before, its broker now knows: each connection is served in order. */
async function settle(...buses: readonly LinkBus[]): Promise<void> {
  for (const bus of buses) {
    await Promise.all([ask(bus, "weft.v1.acme.l.nobody.nobody.db"), ask(bus, "weft.v1.acme.rx.nobody.nobody.bulk")]);
  }
}

function equal(first: Uint8Array, second: Uint8Array): boolean {
  return first.length === second.length && first.every((byte, i) => byte === second[i]);
}
