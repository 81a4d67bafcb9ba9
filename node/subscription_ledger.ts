/** The second ledger: what became of events at each subscription, each term counted where it happens. */

import { isForReader } from "./audience.ts";
import { readerOf } from "./delivery/queue_group.ts";
import type { WeftNode } from "./node.ts";
import type { Consumer } from "./subscriptions/subscriptions.ts";

/** Members of a group share one queue, and so these numbers. */
export interface SubscriptionLedgerEntry {
  readonly subscription: string;
  readonly group: string | null;
  readonly acknowledged: number;
  readonly filtered: number;
  readonly expired: number;
  readonly deadLettered: number;
  readonly evicted: number;
  /** Taken or yet to be taken, and not settled. */
  readonly pending: number;
  /** Whether `pending` is an upper bound; never after a recount. */
  readonly pendingAtMost: boolean;
}

const PAGE_EVENTS = 1000;
const PAGE_BYTES = 1024 * 1024;

/** In order of id. `recount`: what is pending is counted in the log, event by event. */
export async function ledgerOfSubscriptions(
  node: WeftNode,
  { recount }: { readonly recount: boolean },
): Promise<SubscriptionLedgerEntry[]> {
  const consumers = [...node.subscriptions].sort((a, b) => idOf(a) < idOf(b) ? -1 : 1);
  const unread = recount ? await countUnread(node, consumers) : undefined;
  return consumers.map((consumer) => {
    const { queue } = consumer.group;
    const { acknowledged, filtered, expired, deadLettered, evicted } = queue.counts;
    return {
      subscription: idOf(consumer),
      group: consumer.record.subscription.config.group ?? null,
      acknowledged,
      filtered,
      expired,
      deadLettered,
      evicted,
      pending: unread === undefined ? queue.lag : queue.open + unread.get(consumer)!,
      pendingAtMost: unread === undefined && queue.lagAtMost,
    };
  });
}

/** Events of the log that each queue has yet to take and will not stop; one pass over the log for all of them. */
async function countUnread({ store }: WeftNode, consumers: readonly Consumer[]): Promise<Map<Consumer, number>> {
  const counts = new Map(consumers.map((consumer) => [consumer, 0]));
  const starts = new Map(consumers.map((consumer) => [consumer, consumer.group.queue.takenUpTo]));
  const { head } = store;
  let after = Math.min(head, ...starts.values());
  while (after < head) {
    const events = await store.read({ after, eventsMax: PAGE_EVENTS, bytesMax: PAGE_BYTES });
    if (events.length === 0) break;
    for (const stored of events) {
      for (const [consumer, start] of starts) {
        const { interest, group } = consumer;
        if (stored.position <= start || !interest.fits(stored.topic)) continue;
        if (isForReader(stored.audience, readerOf(group.key, group.record)) && interest.accepts(stored)) {
          counts.set(consumer, counts.get(consumer)! + 1);
        }
      }
    }
    after = events[events.length - 1].position;
  }
  return counts;
}

function idOf({ record }: Consumer): string {
  return record.subscription.id;
}
