/** What is written to a client of the NATS endpoint: in order, in few writes, without copies of what is large, within bounds. */

import { Buffer } from "node:buffer";
import type { Writable } from "node:stream";

import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { Outbox } from "../../adapters/door/nats/outbox.ts";
import { PagePool } from "../../adapters/door/nats/page_pool.ts";
import { FakeClock } from "../support/fake_clock.ts";

/** A socket that takes what it is given when the test says so. */
class FakeSocket {
  /** References: what the outbox handed over. */
  readonly given: Buffer[] = [];
  /** Copies, made when the socket takes a write. */
  readonly taken: Buffer[] = [];
  #waiting: { bytes: Buffer; done: () => void }[] = [];

  write(bytes: Buffer, done: () => void): boolean {
    this.given.push(bytes);
    this.#waiting.push({ bytes, done });
    return true;
  }

  /** Takes the oldest writes. */
  take(count = Infinity): void {
    for (const { bytes, done } of this.#waiting.splice(0, count)) {
      this.taken.push(Buffer.from(bytes));
      done();
    }
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get text(): string {
    return Buffer.concat(this.taken).toString("utf8");
  }
}

function openOutbox() {
  const [socket, clock, pages] = [new FakeSocket(), new FakeClock(), new PagePool()];
  const events: string[] = [];
  const counts = { messagesOut: 0, bytesOut: 0 };
  const outbox = new Outbox({
    socket: socket as unknown as Writable,
    clock,
    pages,
    counts,
    onSlow: () => events.push("slow"),
    onRoom: () => events.push("room"),
  });
  return { outbox, socket, clock, events, counts };
}

const MIB = 1024 * 1024;

describe("Outbox", () => {
  it("writes everything in order, whatever its size and whenever the socket takes it", () => {
    const piece = fc.oneof(
      fc.string({ maxLength: 40 }).map((text) => text.replaceAll(/[\r\n]/g, "")),
      fc.integer({ min: 0, max: 40_000 }).map((size) => "x".repeat(size)),
      fc.constant("öffnen €"),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(piece, fc.nat({ max: 3 })), { maxLength: 40 }), (pieces) => {
        const { outbox, socket } = openOutbox();
        let expected = "";
        for (const [text, take] of pieces) {
          outbox.message(`MSG ${text.length} ${text.slice(0, 9)}\r\n`, undefined, Buffer.from(text));
          expected += `MSG ${text.length} ${text.slice(0, 9)}\r\n${text}\r\n`;
          if (take > 1) outbox.flush();
          if (take > 0) socket.take(take);
        }
        for (let i = 0; i < 100 && outbox.pendingBytes > 0; i++) {
          outbox.flush();
          socket.take();
        }
        expect(socket.text).toBe(expected);
        expect(outbox.pendingBytes).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it("gathers what is small into one write", async () => {
    const { outbox, socket } = openOutbox();
    for (let i = 0; i < 100; i++) outbox.message(`MSG a 1 1\r\n`, undefined, Buffer.from("x"));
    await Promise.resolve();
    expect(socket.given).toHaveLength(1);
  });

  it("gathers on while the socket is busy, so that a slow client costs pages and not writes", async () => {
    const { outbox, socket } = openOutbox();
    for (let i = 0; i < 2000; i++) {
      outbox.message(`MSG a 1 1\r\n`, undefined, Buffer.from("x"));
      await Promise.resolve();
    }
    expect(socket.given).toHaveLength(1);
    socket.take();
    socket.take();
    expect(socket.text.split("MSG")).toHaveLength(2001);
  });

  it("hands a large payload over as it is", async () => {
    const { outbox, socket } = openOutbox();
    const payload = new Uint8Array(300_000);
    outbox.message("MSG a 1 300000\r\n", undefined, payload);
    await Promise.resolve();
    for (let i = 0; i < 3; i++) socket.take();
    expect(socket.given.some(({ buffer }) => buffer === payload.buffer)).toBe(true);
  });

  it("has no room past 1 MiB, and tells when it has some again", async () => {
    const { outbox, socket, events } = openOutbox();
    expect(outbox.hasRoom).toBe(true);
    outbox.message("MSG a 1 1100000\r\n", undefined, new Uint8Array(1_100_000));
    expect(outbox.hasRoom).toBe(false);
    await Promise.resolve();
    for (let i = 0; i < 3; i++) socket.take();
    expect(events).toEqual(["room"]);
    expect(outbox.hasRoom).toBe(true);
  });

  it("finds a client slow that takes nothing of 10 MiB for a second, and none that takes some", async () => {
    for (const takes of [false, true]) {
      const { outbox, socket, clock, events } = openOutbox();
      for (let i = 0; i < 20; i++) {
        outbox.message("MSG a 1 1048576\r\n", undefined, new Uint8Array(MIB));
        outbox.flush();
        await clock.advance(200);
        if (takes) socket.take(1);
      }
      expect(events.filter((event) => event === "slow")).toEqual(takes ? [] : ["slow"]);
    }
  });

  it("finds a client slow past 64 MiB, however fast it is", () => {
    const { outbox, events } = openOutbox();
    for (let i = 0; i < 66; i++) outbox.message("MSG a 1 1048576\r\n", undefined, new Uint8Array(MIB));
    expect(events).toEqual(["slow"]);
    expect(outbox.pendingBytes).toBeLessThan(66 * MIB);
  });

  it("is stalled when something waits for 10 s and nothing is taken", async () => {
    const { outbox, socket, clock } = openOutbox();
    await clock.advance(60_000);
    expect(outbox.stalled).toBe(false);
    outbox.text("PING\r\n");
    await Promise.resolve();
    await clock.advance(9000);
    expect(outbox.stalled).toBe(false);
    await clock.advance(2000);
    expect(outbox.stalled).toBe(true);
    socket.take();
    expect(outbox.stalled).toBe(false);
  });

  it("writes what it has when it finishes, and nothing after", () => {
    const { outbox, socket } = openOutbox();
    outbox.text("-ERR 'bye'\r\n");
    outbox.finish();
    outbox.text("more\r\n");
    socket.take();
    expect(socket.text).toBe("-ERR 'bye'\r\n");
  });

  it("counts messages and bytes", () => {
    const { outbox, socket, counts } = openOutbox();
    outbox.message("MSG a 1 2\r\n", undefined, Buffer.from("hi"));
    outbox.flush();
    socket.take();
    expect(counts).toEqual({ messagesOut: 1, bytesOut: 15 });
  });
});
