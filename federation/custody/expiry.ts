/**
 * Ends events whose time to live is over while they wait, so that the log need not keep them: runs say when the first of
 * them may be over, and the log says which are. Their destinations learn it when there is a way again.
 */

import type { StoredEvent } from "../../node/mod.ts";
import type { CustodyLog } from "../custody_log.ts";
import type { EndReason } from "../link/codec/mod.ts";
import type { Custody } from "./custody.ts";
import { earlier, endOf, positionAt, type Shipment, sliceShipment } from "./shipment.ts";

export interface ExpiryParts {
  readonly log: CustodyLog;
  readonly custody: Custody;
  /** Ends a shipment here; answers what is left of it. */
  readonly end: (shipment: Shipment, ended: EndReason, reason: string) => Shipment;
  readonly onError: (error: unknown) => void;
}

const PAGE_EVENTS = 512;
const PAGE_BYTES = 1024 * 1024;
/** At most so much of the log is read in one sweep: a backlog of ends waits its turn, it does not delay traffic. */
const PAGES_MAX = 16;

/** What the log says of the positions that were read. */
interface Page {
  readonly from: number;
  readonly to: number;
  readonly events: ReadonlyMap<number, StoredEvent>;
}

/** What becomes of an event: it goes on, until a time if it has one, or has ended. */
type Fate = { readonly ended?: EndReason; readonly endsAt?: number };

export class Expiry {
  readonly #parts: ExpiryParts;
  #reading = false;

  constructor(parts: ExpiryParts) {
    this.#parts = parts;
  }

  /** To be called about once a second. */
  sweep(): void {
    if (!this.#reading) this.#next(PAGES_MAX);
  }

  #next(pages: number): void {
    const due = this.#firstDue();
    if (due === undefined || pages === 0) return;
    this.#reading = true;
    const { log, onError } = this.#parts;
    const from = due.position;
    log.read({ after: from - 1, eventsMax: PAGE_EVENTS, bytesMax: PAGE_BYTES }, (error, events) => {
      this.#reading = false;
      if (error !== undefined) return onError(error); // the next sweep tries again
      const to = events.at(-1)?.position ?? log.head;
      this.#apply({ from, to, events: new Map(events.map((event) => [event.position, event])) });
      this.#next(pages - 1);
    });
  }

  #firstDue(): Shipment | undefined {
    const now = this.#parts.log.now();
    for (const shipment of this.#parts.custody.waiting()) if (isDue(shipment, now)) return shipment;
    return undefined;
  }

  #apply(page: Page): void {
    const now = this.#parts.log.now();
    this.#parts.custody.rewrite(
      (shipment) =>
        isDue(shipment, now) && positionAt(shipment, shipment.count - 1) >= page.from && shipment.position <= page.to,
      (shipment) => this.#split(shipment, page, now),
    );
  }

  /** In parts that go on, that have ended, and that were not read. */
  #split(shipment: Shipment, page: Page, now: number): Shipment[] {
    const parts: Shipment[] = [];
    for (let from = 0; from < shipment.count;) {
      const fate = this.#fateOf(shipment, from, page, now);
      let { endsAt } = fate;
      let to = from + 1;
      for (; to < shipment.count; to++) {
        const next = this.#fateOf(shipment, to, page, now);
        if (next.ended !== fate.ended || (next === UNREAD) !== (fate === UNREAD)) break;
        endsAt = earlier(endsAt, next.endsAt);
      }
      const part = sliceShipment(shipment, from, to);
      if (fate.ended !== undefined) parts.push(this.#parts.end(part, fate.ended, fate.ended.toUpperCase()));
      else parts.push(fate === UNREAD ? part : { ...part, endsAt });
      from = to;
    }
    return parts;
  }

  #fateOf(shipment: Shipment, index: number, { from, to, events }: Page, now: number): Fate {
    const position = positionAt(shipment, index);
    if (position < from || position > to) return UNREAD;
    const event = events.get(position);
    if (event === undefined) return GONE;
    const endsAt = endOf(event);
    return endsAt !== undefined && endsAt <= now ? OVER : { endsAt };
  }
}

const UNREAD: Fate = {};
const GONE: Fate = { ended: "evicted" };
const OVER: Fate = { ended: "expired" };

function isDue({ ended, endsAt }: Shipment, now: number): boolean {
  return ended === undefined && endsAt !== undefined && endsAt <= now;
}
