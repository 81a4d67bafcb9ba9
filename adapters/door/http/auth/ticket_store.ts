/** Tickets: short-lived stand-ins for a token, for clients that can send a URL but no headers (`EventSource`). */

import { randomBytes } from "node:crypto";

import { RefusedError } from "../../../../node/mod.ts";
import type { Principal } from "./principal.ts";

/** A URL ends up in histories and logs, so what stands in it must be worthless soon. */
export const TICKET_LIFE_MS = 60_000;
/** Tickets not yet used; each is some hundred bytes. */
const TICKETS_MAX = 10_000;

interface Ticket {
  readonly principal: Principal;
  readonly expiresAt: number;
}

export interface MintedTicket {
  readonly ticket: string;
  readonly expiresInMs: number;
}

export class TicketStore {
  readonly #now: () => number;
  readonly #tickets = new Map<string, Ticket>();

  /** `now`: monotonic milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** A ticket with all rights of `principal`, good once. Throws `RefusedError` (`TOO_MANY_TICKETS`). */
  mint(principal: Principal): MintedTicket {
    this.#forgetExpired();
    if (this.#tickets.size >= TICKETS_MAX) {
      throw new RefusedError(
        "TOO_MANY_TICKETS",
        `Cannot make a ticket: ${TICKETS_MAX} wait to be used; ask again when some have run out`,
      );
    }
    // 192 random bits cannot be guessed; hence no comparison in constant time.
    const ticket = randomBytes(24).toString("base64url");
    this.#tickets.set(ticket, { principal, expiresAt: this.#now() + TICKET_LIFE_MS });
    return { ticket, expiresInMs: TICKET_LIFE_MS };
  }

  /** Uses the ticket up; `undefined` when it is unknown, used, or too old. */
  redeem(ticket: string): Principal | undefined {
    const found = this.#tickets.get(ticket);
    if (found === undefined) return undefined;
    this.#tickets.delete(ticket);
    return this.#now() < found.expiresAt ? found.principal : undefined;
  }

  // All live equally long, so the oldest come first.
  #forgetExpired(): void {
    for (const [ticket, { expiresAt }] of this.#tickets) {
      if (this.#now() < expiresAt) return;
      this.#tickets.delete(ticket);
    }
  }
}
