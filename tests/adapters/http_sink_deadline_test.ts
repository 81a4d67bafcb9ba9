import { describe, expect, it } from "bun:test";

import type { Clock } from "../../node/clock.ts";
import { Deadlines } from "../../adapters/sink/http/deadline.ts";

/** A clock that moves when told to, and counts the timers that were set. */
class SteppedClock implements Clock {
  timersSet = 0;
  #nowMs = 0;
  #timers: { dueMs: number; run: () => void }[] = [];

  now(): number {
    return this.#nowMs;
  }

  wall(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    this.timersSet++;
    const timer = { dueMs: this.#nowMs + delayMs, run };
    this.#timers.push(timer);
    return () => void (this.#timers = this.#timers.filter((other) => other !== timer));
  }

  advance(byMs: number): void {
    for (const endMs = this.#nowMs + byMs; this.#nowMs < endMs;) {
      this.#nowMs++;
      const due = this.#timers.filter(({ dueMs }) => dueMs <= this.#nowMs);
      this.#timers = this.#timers.filter(({ dueMs }) => dueMs > this.#nowMs);
      for (const { run } of due) run();
    }
  }
}

const never = new AbortController().signal;

describe("Deadlines", () => {
  it("end each deadline at its own time", () => {
    const clock = new SteppedClock();
    const deadlines = new Deadlines(clock, 100);
    const first = deadlines.start(never);
    clock.advance(40);
    const second = deadlines.start(never);
    clock.advance(59);
    expect([first.signal.aborted, second.signal.aborted]).toEqual([false, false]);
    clock.advance(1);
    expect([first.signal.aborted, second.signal.aborted]).toEqual([true, false]);
    expect(String(first.signal.reason)).toContain("no answer within 100 ms");
    clock.advance(40);
    expect(second.signal.aborted).toBe(true);
  });

  it("leave those alone that were disposed of, and go on with later ones", () => {
    const clock = new SteppedClock();
    const deadlines = new Deadlines(clock, 100);
    const done = deadlines.start(never);
    done[Symbol.dispose]();
    clock.advance(200);
    expect(done.signal.aborted).toBe(false);
    const late = deadlines.start(never);
    clock.advance(100);
    expect(late.signal.aborted).toBe(true);
  });

  it("share a timer", () => {
    const clock = new SteppedClock();
    const deadlines = new Deadlines(clock, 100);
    for (let i = 0; i < 50; i++) deadlines.start(never)[Symbol.dispose]();
    expect(clock.timersSet).toBe(1);
  });

  it("end with the outer signal, also one that has ended before", () => {
    const outer = new AbortController();
    const deadlines = new Deadlines(new SteppedClock(), 100);
    const deadline = deadlines.start(outer.signal);
    outer.abort(new Error("stopping"));
    expect(deadline.signal.reason).toBe(outer.signal.reason);
    expect(deadlines.start(outer.signal).signal.aborted).toBe(true);
  });

  it("let a task without a signal be given up", async () => {
    const clock = new SteppedClock();
    const deadline = new Deadlines(clock, 100).start(never);
    const racing = deadline.race(new Promise(() => {}));
    clock.advance(100);
    await expect(racing).rejects.toThrow("no answer within 100 ms");
    expect(await new Deadlines(clock, 100).start(never).race(Promise.resolve(7))).toBe(7);
  });
});
