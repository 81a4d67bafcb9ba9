import { describe, expect, it } from "bun:test";

import type { ArrivalGap, ArrivalOrder, OriginNumber } from "../../../node/arrival_order.ts";
import { HoldBack } from "../../../node/delivery/hold_back.ts";
import { LateIndex } from "../../../node/delivery/late_index.ts";
import type { StoredEvent } from "../../../node/event_store.ts";

/** An origin of which the numbers up to `complete` are here or have ended; some events have no place among them. */
class Order implements ArrivalOrder {
  complete = 0;
  readonly placeless = new Set<number>();
  #listener: (origin?: string) => void = () => {};

  hasPlace({ sequence }: OriginNumber): boolean {
    return !this.placeless.has(sequence);
  }

  gapBefore(event: OriginNumber): ArrivalGap | undefined {
    const { origin, epoch, sequence } = event;
    if (!this.hasPlace(event) || sequence <= this.complete + 1) return undefined;
    return { origin, epoch, from: this.complete + 1, to: sequence - 1 };
  }

  watch(listener: (origin?: string) => void): () => void {
    this.#listener = listener;
    return () => {};
  }

  say(change: Partial<{ complete: number; placeless: number }>): void {
    this.complete = change.complete ?? this.complete;
    if (change.placeless !== undefined) this.placeless.add(change.placeless);
    this.#listener("alice");
  }
}

/** A reader of a log to which alice's events come in any order. */
class Reader {
  readonly order = new Order();
  readonly out: number[] = [];
  readonly #log: StoredEvent[] = [];
  readonly #late = new LateIndex();
  readonly #reads: (() => void)[] = [];
  #readTo = 0;
  readonly #holdBack = new HoldBack<number>({
    order: this.order,
    late: this.#late,
    read: ({ position, sequences }, done) =>
      this.#reads.push(() => done(this.#log.slice(position - 1, position - 1 + sequences.length))),
    isUnread: (position) => position > this.#readTo && !this.out.includes(this.#log[position - 1].sequence),
    hasRoom: () => true,
    openLate: ({ sequence }) => sequence,
    letGo: (sequence) => this.out.push(sequence),
    onReady: () => this.#holdBack.look(),
  });

  append(...sequences: number[]): void {
    for (const sequence of sequences) {
      const place = { origin: "alice", epoch: 1, sequence, position: this.#log.length + 1 };
      const event = { ...place, audience: { ungrouped: true, groups: [] } } as unknown as StoredEvent;
      this.#log.push(event);
      this.#late.note(event);
    }
  }

  /** Comes to the next events of the log. */
  read(count: number): void {
    for (const event of this.#log.slice(this.#readTo, this.#readTo + count)) {
      this.#readTo = event.position;
      if (this.out.includes(event.sequence)) continue;
      if (this.#holdBack.enter(event.sequence, event)) this.out.push(event.sequence);
    }
    this.#holdBack.look();
  }

  finishReads(): void {
    for (const read of this.#reads.splice(0)) read();
  }
}

describe("HoldBack", () => {
  it("holds what has overtaken older events until those are here, and reads them before it comes to them", () => {
    const reader = new Reader();
    reader.append(1, 4);
    reader.order.complete = 1;
    reader.read(2);
    expect(reader.out).toEqual([1]);
    reader.append(2, 3);
    reader.order.say({ complete: 4 });
    reader.finishReads();
    expect(reader.out).toEqual([1, 2, 3, 4]);
  });

  it("lets go what has lost its place, and still hands out what is late before what it holds", () => {
    const reader = new Reader();
    reader.append(5);
    reader.read(1);
    // The commit that would have given it its place has failed.
    reader.order.say({ placeless: 5 });
    expect(reader.out).toEqual([5]);
    reader.append(4);
    reader.read(1);
    reader.append(3);
    reader.order.say({ complete: 4 });
    reader.finishReads();
    expect(reader.out).toEqual([5, 3, 4]);
  });

  it("hands out nothing late for the sake of what has no place", () => {
    const reader = new Reader();
    reader.append(5);
    reader.read(1);
    reader.append(3);
    reader.order.say({ placeless: 5 });
    reader.finishReads();
    expect(reader.out).toEqual([5]);
    reader.append(2, 1);
    reader.order.say({ complete: 3 });
    reader.read(3);
    reader.finishReads();
    expect(reader.out).toEqual([5, 1, 2, 3]);
  });
});
