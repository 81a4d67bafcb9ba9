/** The subscriptions of a node: create, replace, pause, seek, pull, delete; each answer means that it is durable. */

import type { Clock } from "../clock.ts";
import { resolveSince } from "../cursor.ts";
import type { FailureContext } from "../delivery/failure.ts";
import {
  checkSettlement,
  PullConsumer,
  type PulledEvent,
  type Settlement,
  type SettlementResult,
} from "../delivery/pull_consumer.ts";
import { PushWorker } from "../delivery/push_worker.ts";
import { definitionOf, type GroupRecord, type QueueGroup, queueKeyOf } from "../delivery/queue_group.ts";
import type { CommitChanges, QueueGroups } from "../delivery/queue_groups.ts";
import { RefusedError } from "../errors.ts";
import type { CloudEvent } from "../event.ts";
import type { EventStore, StateChange } from "../event_store.ts";
import type { SinkFactory } from "../sink_factory.ts";
import { Interest } from "./interest.ts";
import { parseSubscription, type Subscription, toResource } from "./subscription.ts";
import { loadRecords, type SubscriptionRecord, toRecordChange, toRecordRemoval } from "./subscription_record.ts";
import { type SubscriptionStatus, toState, toStatus } from "./subscription_status.ts";

export interface SubscriptionsContext extends FailureContext {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly groups: QueueGroups;
  readonly sinks: SinkFactory;
  readonly newId: () => string;
  readonly onReply: (event: CloudEvent, subscription: Subscription) => Promise<void>;
  /** A subscription was paused by its sink (410). */
  readonly onGone: (subscription: Subscription, detail: string) => void;
}

/** Subscriptions of a node at most; each costs some kilobytes. */
const SUBSCRIPTIONS_MAX = 100_000;

/** Deliveries under way may finish within this when their subscription changes; what is cut short comes again. */
const HALT_GRACE_MS = 1000;

/** A subscription at work. */
export interface Consumer {
  readonly record: SubscriptionRecord;
  readonly interest: Interest;
  readonly group: QueueGroup;
  /** Absent while paused, expired, or of the other protocol. */
  readonly worker: PushWorker | undefined;
  readonly pull: PullConsumer | undefined;
  readonly cancelExpiry: () => void;
}

export class Subscriptions {
  readonly #context: SubscriptionsContext;
  readonly #consumers = new Map<string, Consumer>();
  /** One change of a subscription at a time: two PUTs of one id must not interleave. */
  #turn: Promise<unknown> = Promise.resolve();
  #stopped = false;

  constructor(context: SubscriptionsContext) {
    this.#context = context;
  }

  /** Takes up the subscriptions that the store knows. */
  async load(): Promise<void> {
    for (const record of await loadRecords(this.#context.store)) {
      const { subscription } = record;
      const { groups, store } = this.#context;
      const enter = async (_: QueueGroup, changes: readonly StateChange[]) => {
        if (changes.length > 0) await store.commit([], changes);
      };
      const group = await groups.enter(queueKeyOf(subscription), groupRecord(subscription), store.head, enter);
      this.#install(record, group);
    }
    await Promise.all([...this.#consumers.values()].map((consumer) => this.#restIfExpired(consumer)));
  }

  get size(): number {
    return this.#consumers.size;
  }

  get(id: string): Consumer | undefined {
    return this.#consumers.get(id);
  }

  /** Throws `RefusedError` (`SUBSCRIPTION_NOT_FOUND`). */
  require(id: string): Consumer {
    const consumer = this.#consumers.get(id);
    if (consumer !== undefined) return consumer;
    throw new RefusedError(
      "SUBSCRIPTION_NOT_FOUND",
      `Cannot find subscription "${id}": there is none of that id here; "weft subscription ls" (GET /v1/subscriptions) lists them`,
    );
  }

  /** In order of id, after id `after`. */
  list(after: string | undefined, limit: number): Consumer[] {
    const ids = [...this.#consumers.keys()].sort();
    const from = after === undefined ? 0 : ids.findIndex((id) => id > after);
    return from < 0 ? [] : ids.slice(from, from + limit).map((id) => this.#consumers.get(id)!);
  }

  [Symbol.iterator](): IterableIterator<Consumer> {
    return this.#consumers.values();
  }

  /** The resource as shown to clients; secrets left out. */
  toResource(consumer: Consumer): Record<string, unknown> {
    return {
      ...toResource(consumer.record.subscription),
      createdAt: new Date(consumer.record.createdAt).toISOString(),
    };
  }

  status(consumer: Consumer): Promise<SubscriptionStatus> {
    return toStatus(this.#context.store, consumer);
  }

  state(consumer: Consumer): SubscriptionStatus["state"] {
    return toState(this.#context.store, consumer);
  }

  /** Throws `RefusedError` when the request cannot be met. */
  async create(body: unknown): Promise<Consumer> {
    const id = this.#context.newId();
    const request = typeof body === "object" && body !== null ? { ...body, id } : body;
    return await this.#prepared(parseSubscription(request, id), (subscription) => this.#put(subscription));
  }

  /** Makes or replaces; a replaced subscription keeps its place in the log. */
  async put(id: string, body: unknown): Promise<{ consumer: Consumer; created: boolean }> {
    const subscription = parseSubscription(body, id);
    if (subscription.id !== id) {
      throw new RefusedError(
        "INVALID_SUBSCRIPTION",
        `Cannot use subscription: "id" is "${subscription.id}" but the path says "${id}"; make them equal or leave the member out`,
        { path: "id" },
      );
    }
    return await this.#prepared(subscription, async () => {
      const created = !this.#consumers.has(id);
      return { consumer: await this.#put(subscription), created };
    });
  }

  delete(id: string): Promise<void> {
    return this.#inTurn(async () => {
      const consumer = this.require(id);
      const { store, groups } = this.#context;
      await this.#halt(consumer, HALT_GRACE_MS);
      try {
        await groups.leave(consumer.group, id, (changes) => store.commit([], [toRecordRemoval(id), ...changes]));
      } catch (error) {
        this.#install(consumer.record, consumer.group);
        throw error;
      }
      this.#consumers.delete(id);
    });
  }

  setPaused(id: string, paused: boolean): Promise<Consumer> {
    return this.#inTurn(() => this.#setPaused(id, paused ? "paused by request" : null));
  }

  /** Begins again elsewhere in the log; the group moves as a whole. */
  seek(id: string, since: string | number): Promise<Consumer> {
    return this.#inTurn(async () => {
      const consumer = this.require(id);
      if (this.#isExpired(consumer.record)) throw expired("seek in", id);
      await consumer.group.queue.seek(await resolveSince(this.#context.store, since));
      return consumer;
    });
  }

  async pull(id: string, options: { max: number; waitMs: number; signal?: AbortSignal }): Promise<PulledEvent[]> {
    const consumer = this.#requirePull(id);
    const { record, pull } = consumer;
    if (record.paused !== null) {
      throw new RefusedError(
        "SUBSCRIPTION_PAUSED",
        `Cannot pull from "${id}": ${record.paused}; resume it with "weft subscription resume" (PATCH {"paused":false})`,
      );
    }
    // It may be over before its timer has run: what the status says holds here as well.
    if (pull === undefined || this.#isExpired(record)) throw expired("pull from", id);
    return await pull.pull(options);
  }

  /** Also while it is paused: what was processed is processed. Throws `INVALID_ACK_ID`. */
  async settle(id: string, settlement: Settlement): Promise<SettlementResult> {
    let consumer = this.#requirePull(id);
    // Beforehand: between the wait for a change of the group and the settlement, nothing may come.
    const checked = await checkSettlement(consumer.group.queue, consumer.group.key, settlement);
    consumer = this.#requirePull(id);
    while (consumer.group.changing !== undefined) {
      await consumer.group.changing;
      consumer = this.#requirePull(id);
    }
    const { pull, group, record } = consumer;
    if (pull === undefined && this.#isExpired(record)) throw expired("acknowledge events of", id);
    const { queue } = group; // after a change it is another one than the consumer's until that is replaced as well
    const settler = pull?.takesFrom(queue) ? pull : new PullConsumer(this.#context, queue, record.subscription);
    return await settler.settle(checked);
  }

  /** Stops pushing; waits for what is under way, at most `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#consumers.values()].map((consumer) => this.#halt(consumer, graceMs)));
  }

  /** Refuses what can be refused, asks the sink (which may take a while), and only then takes its turn. */
  #prepared<T>(subscription: Subscription, run: (subscription: Subscription) => Promise<T>): Promise<T> {
    new Interest({ ...subscription, topic: subscription.config.topic }); // throws for a bad filter
    return this.#context.sinks.prepare(subscription).then(() => this.#inTurn(() => run(subscription)));
  }

  async #put(subscription: Subscription): Promise<Consumer> {
    const old = this.#consumers.get(subscription.id);
    if (old === undefined && this.#consumers.size >= SUBSCRIPTIONS_MAX) {
      throw new RefusedError(
        "TOO_MANY_SUBSCRIPTIONS",
        `Cannot subscribe: this node has ${SUBSCRIPTIONS_MAX} subscriptions; delete some, or use a group`,
      );
    }
    const record = this.#toRecord(subscription, old);
    const group = await this.#place(record, old);
    if (old !== undefined) await this.#uninstall(old, group);
    return this.#install(record, group);
  }

  #toRecord(subscription: Subscription, old: Consumer | undefined): SubscriptionRecord {
    const { expiresInMs } = subscription.config;
    return {
      subscription,
      createdAt: old?.record.createdAt ?? this.#context.wall(),
      expiresAtAge: expiresInMs === null ? null : this.#context.store.now() + expiresInMs,
      paused: old?.record.paused ?? null,
    };
  }

  /** The group that the subscription belongs to, made or redefined if need be; the subscription is durable then. */
  async #place(record: SubscriptionRecord, old: Consumer | undefined): Promise<QueueGroup> {
    const { subscription } = record;
    const { groups, store } = this.#context;
    const definition = groupRecord(subscription);
    const key = queueKeyOf(subscription);
    const commit = (changes: readonly StateChange[]) => store.commit([], [toRecordChange(record), ...changes]);
    if (
      old?.group.key === key && !old.group.queue.closed && definitionOf(old.group.record) !== definitionOf(definition)
    ) {
      return await this.#redefine(old, definition, commit);
    }
    const after = old?.group.queue.settledUpTo ?? await resolveSince(store, subscription.config.since);
    return await groups.enter(key, definition, after, async (group, changes) => {
      await commit(changes);
      group.subscriptions.add(subscription.id);
    });
  }

  async #redefine(old: Consumer, definition: GroupRecord, commit: CommitChanges): Promise<QueueGroup> {
    const halt = () => this.#halt(old, HALT_GRACE_MS);
    try {
      await this.#context.groups.redefine(old.group, definition, {
        subscription: old.record.subscription.id,
        halt,
        commit,
      });
    } catch (error) {
      await halt();
      this.#install(old.record, old.group);
      throw error;
    }
    return old.group;
  }

  #install(record: SubscriptionRecord, group: QueueGroup): Consumer {
    const { subscription } = record;
    const isExpired = this.#isExpired(record);
    const running = record.paused === null && !isExpired && !this.#stopped;
    const consumer: Consumer = {
      record,
      group,
      interest: new Interest({ ...subscription, topic: subscription.config.topic }),
      worker: running && subscription.protocol === "HTTP" ? this.#newWorker(subscription, group) : undefined,
      pull: running && subscription.protocol === "PULL"
        ? new PullConsumer(this.#context, group.queue, subscription)
        : undefined,
      cancelExpiry: this.#armExpiry(record),
    };
    if (isExpired) group.subscriptions.delete(subscription.id);
    else group.subscriptions.add(subscription.id);
    this.#context.groups.noteMembers(group.key);
    this.#consumers.set(subscription.id, consumer);
    consumer.worker?.start();
    consumer.pull?.start();
    return consumer;
  }

  #newWorker(subscription: Subscription, group: QueueGroup): PushWorker {
    const { sinks, onReply, onGone } = this.#context;
    const { id } = subscription;
    const worker: PushWorker = new PushWorker(
      {
        ...this.#context,
        onReply: (event) => onReply(event, subscription),
        onGone: (detail) =>
          this.#inTurn(async () => {
            if (this.#consumers.get(id)?.worker !== worker) return; // replaced or paused meanwhile, perhaps with a better sink
            await this.#setPaused(id, detail);
            onGone(subscription, detail);
          }),
      },
      group.queue,
      subscription,
      sinks.open(subscription),
    );
    return worker;
  }

  async #setPaused(id: string, paused: string | null): Promise<Consumer> {
    const consumer = this.require(id);
    if (consumer.record.paused === paused) return consumer;
    const record = { ...consumer.record, paused };
    await this.#context.store.commit([], [toRecordChange(record)]);
    await this.#uninstall(consumer, consumer.group);
    return this.#install(record, consumer.group);
  }

  /** Stops a consumer, and takes it out of its group unless that is `stays`. */
  async #uninstall(consumer: Consumer, stays: QueueGroup): Promise<void> {
    await this.#halt(consumer, HALT_GRACE_MS);
    const { group, record } = consumer;
    if (group.key === stays.key) return;
    const { groups, store, onError } = this.#context;
    const { id } = record.subscription;
    await groups.leave(group, id, async (changes) => {
      if (changes.length > 0) await store.commit([], changes);
    }).catch((error) => {
      onError(error); // the subscription has moved all the same; its old group is forgotten later
      group.subscriptions.delete(id);
      groups.linger(group);
      groups.noteMembers(group.key);
    });
  }

  async #halt(consumer: Consumer, graceMs: number): Promise<void> {
    consumer.cancelExpiry();
    consumer.pull?.stop();
    await consumer.worker?.stop(graceMs);
  }

  #armExpiry(record: SubscriptionRecord): () => void {
    if (record.expiresAtAge === null || this.#isExpired(record)) return () => undefined;
    const remainingMs = record.expiresAtAge - this.#context.store.now();
    return this.#context.clock.after(remainingMs, () => {
      void this.#inTurn(async () => {
        const consumer = this.#consumers.get(record.subscription.id);
        if (consumer?.record !== record) return;
        await this.#uninstall(consumer, consumer.group);
        // Armed again if the timer came early.
        await this.#restIfExpired(this.#install(record, consumer.group));
      }).catch(this.#context.onError);
    });
  }

  #isExpired({ expiresAtAge }: SubscriptionRecord): boolean {
    return expiresAtAge !== null && this.#context.store.now() >= expiresAtAge;
  }

  async #restIfExpired({ record, group }: Consumer): Promise<void> {
    if (this.#isExpired(record)) await this.#context.groups.rest(group);
  }

  #requirePull(id: string): Consumer {
    const consumer = this.require(id);
    if (consumer.record.subscription.protocol === "PULL") return consumer;
    throw new RefusedError(
      "NOT_A_PULL_SUBSCRIPTION",
      `Cannot pull from "${id}": it pushes to a sink; make a subscription with protocol PULL`,
    );
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(run);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

function expired(act: string, id: string): RefusedError {
  return new RefusedError("SUBSCRIPTION_EXPIRED", `Cannot ${act} "${id}": it has expired; make it anew`);
}

function groupRecord(subscription: Subscription): GroupRecord {
  const { source, types, filters, config, id } = subscription;
  const { topic, ordered, scope } = config;
  return { name: config.group ?? id, topic, ordered, scope, source, types, filters };
}
