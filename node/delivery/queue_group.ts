/** The one queue that the members of a group share; a subscription without a group is a group of its own. */

import type { StateChange, StoredEvent } from "../event_store.ts";
import type { InterestDefinition } from "../subscriptions/interest.ts";
import type { DeliveryQueue } from "./delivery_queue.ts";

/** The durable form of a group's definition, so that streams can come back to it after a restart. */
export interface GroupRecord extends InterestDefinition {
  readonly name: string;
  readonly ordered: boolean;
}

export interface QueueGroup {
  /** `group:<name>` or `sub:<subscription id>`. */
  readonly key: string;
  readonly record: GroupRecord;
  readonly queue: DeliveryQueue;
  /** Subscriptions in it. */
  readonly subscriptions: Set<string>;
  /** Streams connected to it. */
  streams: number;
  /** Ends the wait for a stream to come back. */
  cancelLinger: (() => void) | undefined;
}

export type Accepts = (event: StoredEvent) => boolean;

export const QUEUE_PREFIX = "queue/";
export const GROUP_PREFIX = "group/";

export function toGroupChange(key: string, record: GroupRecord): StateChange {
  return { key: GROUP_PREFIX + key, value: new TextEncoder().encode(JSON.stringify({ v: 1, ...record })) };
}

export function toGroupRemovals(key: string): StateChange[] {
  return [{ key: GROUP_PREFIX + key, value: undefined }, { key: QUEUE_PREFIX + key, value: undefined }];
}

export function decodeGroup(value: Uint8Array): GroupRecord {
  return JSON.parse(new TextDecoder().decode(value));
}

/** Members of one group must agree on this; two that differ would make the group's meaning depend on chance. */
export function definitionOf({ topic, ordered, source, types, filters }: GroupRecord): string {
  return JSON.stringify([topic, ordered, source ?? null, types ?? null, filters ?? []]);
}
