/** The one queue that the members of a group share; a subscription without a group is a group of its own. */

import type { Reader } from "../audience.ts";
import type { StateChange } from "../event_store.ts";
import type { InterestDefinition } from "../subscriptions/interest.ts";
import type { Subscription } from "../subscriptions/subscription.ts";
import type { DeliveryQueue } from "./delivery_queue.ts";

/** The durable form of a group's definition, so that streams can come back to it after a restart. */
export interface GroupRecord extends InterestDefinition {
  readonly name: string;
  readonly ordered: boolean;
  /** From where its events may come; both others mean this cluster. Absent in documents of old. Default `mesh`. */
  readonly scope?: "node" | "cluster" | "mesh";
}

export interface QueueGroup {
  /** `group:<name>` or `sub:<subscription id>`. */
  readonly key: string;
  /** Both change when its only subscription is replaced by one that wants something else. */
  record: GroupRecord;
  queue: DeliveryQueue;
  /** Resolves when such a change is over: meanwhile the queue takes no answers. */
  changing: Promise<void> | undefined;
  /** Subscriptions in it that have not expired. */
  readonly subscriptions: Set<string>;
  /** Streams connected to it. */
  streams: number;
  /** Ends the wait for a stream to come back. */
  cancelLinger: (() => void) | undefined;
}

/** Begins the key of a group that others may join; the key of a subscription on its own begins otherwise. */
const SHARED_PREFIX = "group:";

/** The key of the group that a subscription belongs to. */
export function queueKeyOf({ id, config }: Subscription): string {
  return config.group === undefined ? `sub:${id}` : SHARED_PREFIX + config.group;
}

export const QUEUE_PREFIX = "queue/";
export const GROUP_PREFIX = "group/";

export function toGroupChange(key: string, record: GroupRecord): StateChange {
  return { key: GROUP_PREFIX + key, value: new TextEncoder().encode(JSON.stringify({ v: 1, ...record })) };
}

/** What to commit, once its queue is closed, so that a group is forgotten. */
export function toGroupRemovals({ key, queue }: QueueGroup): StateChange[] {
  return [{ key: GROUP_PREFIX + key, value: undefined }, ...queue.toRemovals()];
}

/** Whether nobody is in it but, at most, that subscription. */
export function isAlone({ subscriptions, streams }: QueueGroup, subscription?: string): boolean {
  return streams === 0 && [...subscriptions].every((id) => id === subscription);
}

/** What its queue reads of the log. */
export function readerOf(key: string, { name, scope = "mesh" }: GroupRecord): Reader {
  return { group: key.startsWith(SHARED_PREFIX) ? name : undefined, ownOnly: scope !== "mesh" };
}

export function decodeGroup(value: Uint8Array): GroupRecord {
  return JSON.parse(new TextDecoder().decode(value));
}

/** Members of one group must agree on this; two that differ would make the group's meaning depend on chance. */
export function definitionOf({ topic, ordered, source, types, filters, scope = "mesh" }: GroupRecord): string {
  return JSON.stringify([topic, ordered, source ?? null, types ?? null, filters ?? [], scope !== "mesh"]);
}
