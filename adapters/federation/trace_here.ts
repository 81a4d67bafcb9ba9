/** What this cluster knows of an event that was published: asked here, and over links. */

import * as v from "valibot";

import { type Federation, traceHere } from "../../federation/mod.ts";
import type { EventId, StoredEvent, WeftNode } from "../../node/mod.ts";
import { CodeSchema, CountSchema, NameSchema, ROWS_MAX, TextSchema, TimeSchema } from "./ask.ts";

/** An event of that id as some cluster accepted it; a retry at another cluster is another copy. */
export interface EventCopy {
  readonly origin: string;
  readonly epoch: number;
  readonly sequence: number;
  /** Wall clock when it came into this cluster's log, ms since 1970. */
  readonly at: number;
}

export const FoundSchema = v.object({
  copies: v.pipe(
    v.array(v.object({ origin: NameSchema, epoch: CountSchema, sequence: CountSchema, at: v.number() })),
    v.maxLength(ROWS_MAX),
  ),
});

const OUTCOMES = ["acknowledged", "retry", "failed", "filtered", "expired", "deadLettered", "pending"] as const;
const STATES = ["queued", "delivered", "parked", "expired", "rejected", "evicted", "sent", "dropped"] as const;

const ReasonsSchema = v.optional(
  v.pipe(v.array(v.object({ cluster: NameSchema, reason: CodeSchema })), v.maxLength(ROWS_MAX)),
  [],
);

export const TracedHereSchema = v.object({
  /** When the origin accepted it, if this is the origin. */
  acceptedAt: TimeSchema,
  dispatched: v.boolean(),
  hops: v.pipe(
    v.array(v.object({
      cluster: NameSchema,
      node: NameSchema,
      from: v.nullable(NameSchema),
      to: v.pipe(v.array(NameSchema), v.maxLength(ROWS_MAX)),
      at: TimeSchema,
      // A node of an older version does not say these.
      attempts: v.optional(CountSchema, 1),
      waits: ReasonsSchema,
      dropped: ReasonsSchema,
    })),
    v.maxLength(ROWS_MAX),
  ),
  destinations: v.pipe(
    v.array(v.object({ cluster: NameSchema, state: v.picklist(STATES), reason: CodeSchema })),
    v.maxLength(ROWS_MAX),
  ),
  deliveries: v.pipe(
    v.array(v.object({
      subscription: NameSchema,
      attempt: CountSchema,
      at: TimeSchema,
      outcome: v.picklist(OUTCOMES),
      detail: TextSchema,
    })),
    v.maxLength(ROWS_MAX),
  ),
});

export type TracedHere = v.InferOutput<typeof TracedHereSchema>;

/** Copies of an event in this cluster's log, also of those that only pass through. */
export async function findCopies(node: WeftNode, id: EventId, options: { recent: boolean }): Promise<EventCopy[]> {
  return (await node.find(id, options)).map(({ origin, epoch, sequence, acceptedAt }) => {
    return { origin, epoch, sequence, at: acceptedAt };
  });
}

export async function traceCopy(
  { node, federation }: { readonly node: WeftNode; readonly federation?: Federation },
  id: EventId,
  copy: Omit<EventCopy, "at">,
): Promise<TracedHere> {
  const stored = (await node.find(id)).find((event) => isCopy(event, copy));
  const crossed = federation === undefined
    ? { hops: [], destinations: [], dispatched: true }
    : traceHere(federation, copy);
  const deliveries = stored === undefined ? [] : await node.traceDeliveries(stored);
  return {
    acceptedAt: copy.origin === node.cluster ? stored?.acceptedAt ?? null : null,
    dispatched: crossed.dispatched,
    // The log knows better than the journal, which is exact to a second, when it came; of several times it knows one.
    hops: crossed.hops.map(({ to, at, waits, dropped, ...hop }, _, { length }) => {
      const cameAt = length === 1 ? stored?.acceptedAt ?? at : at;
      const reasons = { waits: waits.slice(0, ROWS_MAX), dropped: dropped.slice(0, ROWS_MAX) };
      return { ...hop, to: [...to], at: cameAt, ...reasons };
    }),
    destinations: crossed.destinations.slice(0, ROWS_MAX),
    deliveries: deliveries.slice(0, ROWS_MAX).map((delivery) => ({
      ...delivery,
      detail: delivery.detail.slice(0, 500),
    })),
  };
}

function isCopy(event: StoredEvent, { origin, epoch, sequence }: Omit<EventCopy, "at">): boolean {
  return event.origin === origin && event.epoch === epoch && event.sequence === sequence;
}
