/** Reads the log for people: a page of events, with a topic and a filter. */

import { isForNobody } from "./audience.ts";
import type { EventStore, StoredEvent } from "./event_store.ts";
import { Interest } from "./subscriptions/interest.ts";
import { requirePattern } from "./require_pattern.ts";

export interface BrowseQuery {
  /** Pattern; default `>`. */
  readonly topic?: string;
  /** A CESQL expression. */
  readonly filter?: string;
  /** Events after this position. */
  readonly after: number;
  readonly limit: number;
}

export interface BrowsePage {
  readonly events: readonly StoredEvent[];
  /** Position to go on after; `null` at the end of the log. */
  readonly next: number | null;
}

/** Events judged for one page at most: a filter that fits nothing must not read the whole log in one request. */
const JUDGED_MAX = 100_000;

/** Throws `RefusedError` (`INVALID_PATTERN`) or a `FilterError`. */
export async function browse(store: EventStore, query: BrowseQuery): Promise<BrowsePage> {
  const interest = toInterest(query);
  const events: StoredEvent[] = [];
  let after = query.after;
  for (let judged = 0; judged < JUDGED_MAX;) {
    const page = await store.read({ after, eventsMax: 500, bytesMax: 1024 * 1024 });
    if (page.length === 0) return { events, next: null };
    for (const stored of page) {
      after = stored.position;
      if (isForNobody(stored.audience) || !interest.fits(stored.topic) || !interest.accepts(stored)) continue;
      events.push(stored);
      if (events.length === query.limit) return { events, next: after < store.head ? after : null };
    }
    judged += page.length;
  }
  return { events, next: after };
}

function toInterest({ topic = ">", filter }: BrowseQuery): Interest {
  requirePattern(topic, "topic");
  return new Interest({ topic, filters: filter === undefined ? undefined : [{ sql: filter }] });
}
