/** A plain PUB cannot be refused: while the store has no room, its client is not read. */

import { describe, expect, it } from "bun:test";

import { StoreFullError, type Submission, type WeftNode } from "../../node/mod.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { openTestNats, QUIET, type TestNats } from "./door_nats_support.ts";

/** Makes the node's store refuse, or not. */
function fill(node: WeftNode): { full: boolean; refused: number } {
  const state = { full: true, refused: 0 };
  const accept = node.accept.bind(node);
  node.accept = (submission: Submission) => {
    if (!state.full) return accept(submission);
    state.refused++;
    return Promise.reject(new StoreFullError("Cannot store event: no room", { full: "cap", retryAfterMs: 500 }));
  };
  return state;
}

async function openFull(): Promise<{ nats: TestNats; clock: FakeClock; store: ReturnType<typeof fill> }> {
  const clock = new FakeClock();
  const nats = await openTestNats({ clock, pingEveryMs: 2000 });
  return { nats, clock, store: fill(nats.fixture.node) };
}

describe("A NATS client, while the store is full", () => {
  it("gets no answer to PING, and all is stored in order once there is room", async () => {
    const { nats, clock, store } = await openFull();
    await using _ = nats;
    const client = await nats.client(QUIET);
    client.send("PUB a 1\r\n1\r\nPUB a 1\r\n2\r\nPUB a 1\r\n3\r\nPING\r\n");
    await nats.fixture.eventually(() => expect(store.refused).toBeGreaterThan(0));
    await clock.advance(600);
    await nats.fixture.eventually(() => expect(store.refused).toBeGreaterThan(1));
    expect(client.received).toBe("");
    store.full = false;
    await nats.fixture.eventually(async () => {
      await clock.advance(600);
      expect(client.received).toBe("PONG\r\n");
    });
    expect((await nats.log()).map(({ event }) => new TextDecoder().decode(event.data))).toEqual(["1", "2", "3"]);
  });

  it("is not read, so that memory is bounded however much it sends, and is not taken for dead", async () => {
    const { nats, clock, store } = await openFull();
    await using _ = nats;
    const client = await nats.client(QUIET);
    const message = `PUB a 100000\r\n${"x".repeat(100_000)}\r\n`;
    for (let i = 0; i < 400; i++) client.send(message);
    await nats.fixture.eventually(() => expect(store.refused).toBeGreaterThan(0));
    let before = -1;
    await nats.fixture.eventually(() => {
      const settled = before === nats.door.counts.bytesIn;
      before = nats.door.counts.bytesIn;
      expect(settled).toBe(true);
    }, { intervalMs: 100 });
    expect(nats.door.counts.bytesIn).toBeLessThan(16 * 1024 * 1024);
    for (let i = 0; i < 20; i++) await clock.advance(1000);
    expect(client.closed).toBe(false);
    store.full = false;
    await nats.fixture.eventually(async () => {
      await clock.advance(600);
      expect(nats.door.counts.messagesIn).toBe(400);
    }, { timeoutMs: 10_000 });
  }, 20_000);

  it("does not keep other clients from being read, and hears of it where it asks for the receipt", async () => {
    const { nats, store } = await openFull();
    await using _ = nats;
    const [stuck, asker] = [await nats.client(QUIET), await nats.client(QUIET)];
    stuck.send("PUB a 1\r\n1\r\n");
    await nats.fixture.eventually(() => expect(store.refused).toBe(1));
    asker.send("SUB _INBOX.asker.* 1\r\nPUB weft.pub.a _INBOX.asker.1 1\r\nx\r\n");
    const answer = await asker.takeUntil("}}\r\n");
    expect(answer).toContain('"code":"STORE_FULL"');
    await asker.flush();
  });

  it("loses what waits when it goes, and nothing is left of it", async () => {
    const { nats, clock, store } = await openFull();
    await using _ = nats;
    const client = await nats.client(QUIET);
    client.send("PUB a 1\r\n1\r\n");
    await nats.fixture.eventually(() => expect(store.refused).toBe(1));
    client.close();
    await nats.fixture.eventually(() => expect(nats.door.counts.clients).toBe(0));
    store.full = false;
    await clock.advance(5000);
    await nats.fixture.publish({ type: "after" });
    expect((await nats.log()).map(({ topic }) => topic)).toEqual(["after"]);
  });
});
