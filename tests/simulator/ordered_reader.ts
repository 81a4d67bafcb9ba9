/**
 * An ordered subscriber of a simulated cluster: the hold-back of production over the virtual log, read with some delay, and
 * after a restart from where it was. An observer judges the order in which it hands out.
 */

import type { ArrivalOrder, StoredEvent } from "../../node/mod.ts";
import type { CustodyLog, World } from "../../federation/mod.ts";
import { HoldBack } from "../../node/delivery/hold_back.ts";
import { LateIndex } from "../../node/delivery/late_index.ts";
import type { DiskContent } from "./disk_content.ts";

export interface OrderedRun {
  readonly world: World;
  readonly log: CustodyLog;
  readonly order: ArrivalOrder;
}

/** What it reads in one go, and how long it rests then: it must lag to find late events before it has come to them. */
const PAGE_EVENTS = 16;
const PAUSE_MS = 5;
/** Past it the index of late events is looked through for what has been read. */
const LATE_EVENTS_MAX = 4096;

export class OrderedReader {
  readonly #content: () => DiskContent;
  readonly #onHandedOut: (event: StoredEvent) => void;
  /** Everything up to here was handed out, is not for it, or is held. Survives its process, as what it holds does. */
  #readTo = 0;
  #held = new Map<number, StoredEvent>();
  /** Handed out before it came to them. */
  #ahead = new Set<number>();
  #holdBack: HoldBack<StoredEvent> | undefined;
  #late = new LateIndex();
  #reads = false;

  constructor(content: () => DiskContent, onHandedOut: (event: StoredEvent) => void) {
    this.#content = content;
    this.#onHandedOut = onHandedOut;
  }

  /** Events that it holds, or has yet to read. */
  get waiting(): number {
    return this.#held.size + Math.max(0, this.#content().head - this.#readTo);
  }

  /** What the first of those that it holds waits for, for people. */
  get waitsFor(): string {
    const { gap } = this.#holdBack?.heldBack ?? {};
    return gap === undefined ? "nothing" : `${gap.from} to ${gap.to} of ${gap.origin}/${gap.epoch}`;
  }

  /** A process begins: with what is on the disk, and what the one before it held. */
  begin(run: OrderedRun): void {
    const { log, order } = run;
    const late = this.#late = new LateIndex();
    this.#goBackTo(log.head);
    for (const event of this.#fromFirstHeld()) late.note(event);
    const holdBack = this.#holdBack = new HoldBack<StoredEvent>({
      order,
      late,
      read: ({ position, sequences: { length: eventsMax } }, done) =>
        log.read({ after: position - 1, eventsMax, bytesMax: Infinity }, (error, events) => {
          if (error === undefined) done(events.filter((event) => event.position < position + eventsMax));
        }),
      isUnread: (position) => position > this.#readTo && !this.#ahead.has(position),
      hasRoom: () => true,
      openLate: (event) => {
        this.#ahead.add(event.position);
        return isForIt(event) ? event : undefined;
      },
      letGo: (event) => this.#handOut(event, order),
      onReady: () => holdBack.look(),
    });
    for (const event of this.#held.values()) holdBack.keep(event, event);
    this.#reads = false;
    log.onAppend((events) => {
      for (const event of events) late.note(event);
      this.#readSoon(run);
    });
    this.#readSoon(run);
  }

  /** In their order; what it holds may have gone from the log, where a subscription of a node would keep it. */
  #fromFirstHeld(): StoredEvent[] {
    const first = Math.min(this.#readTo + 1, ...this.#held.keys());
    const events = new Map(this.#held);
    for (const event of this.#content().events) if (event.position >= first) events.set(event.position, event);
    return [...events.values()].sort((a, b) => a.position - b.position);
  }

  #readSoon(run: OrderedRun): void {
    if (this.#reads) return;
    this.#reads = true;
    run.world.after(PAUSE_MS, () => {
      this.#reads = false;
      this.#read(run);
    });
  }

  #read(run: OrderedRun): void {
    const holdBack = this.#holdBack!;
    holdBack.look();
    const page = this.#content().read({ after: this.#readTo, eventsMax: PAGE_EVENTS, bytesMax: Infinity });
    for (const event of page) {
      this.#readTo = event.position;
      if (this.#ahead.delete(event.position) || !isForIt(event)) continue;
      this.#held.set(event.position, event);
      if (!run.order.hasPlace(event) || holdBack.enter(event, event)) this.#handOut(event, run.order);
    }
    holdBack.look();
    if (page.length > 0) this.#readSoon(run);
    if (this.#late.size > LATE_EVENTS_MAX) this.#late.prune(this.#readTo);
  }

  #handOut(event: StoredEvent, order: ArrivalOrder): void {
    this.#held.delete(event.position);
    if (order.hasPlace(event)) this.#onHandedOut(event);
  }

  /** The disk has lost its tail. */
  #goBackTo(head: number): void {
    this.#readTo = Math.min(this.#readTo, head);
    for (const position of [...this.#held.keys(), ...this.#ahead]) {
      if (position <= head) continue;
      this.#held.delete(position);
      this.#ahead.delete(position);
    }
  }
}

/** What is in no group, and was published elsewhere. */
function isForIt({ audience }: StoredEvent): boolean {
  return audience !== "everybody" && audience.ungrouped;
}
