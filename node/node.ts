/** One node: a log with subscriptions. The composition; each part is a file beside this one. */

import { Acceptor, type Submission } from "./accept/acceptor.ts";
import type { ArrivalVerdict, Arrived } from "./accept/arrival_judge.ts";
import type { Receipt } from "./accept/receipt.ts";
import { remainingAgeMs } from "./accept/time_to_live.ts";
import type { ArrivalOrder } from "./arrival_order.ts";
import type { Clock } from "./clock.ts";
import { parseCursor, toCursor } from "./cursor.ts";
import { DeadLetters } from "./dead_letters.ts";
import type { DeadLetterQuery } from "./dead_letters.ts";
import { type GroupsElsewhere } from "./delivery/groups_elsewhere.ts";
import { QueueGroups } from "./delivery/queue_groups.ts";
import { RecentOutcomes } from "./delivery/recent_outcomes.ts";
import { Redriver, type RedriveResult } from "./delivery/redriver.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { CloudEvent } from "./event.ts";
import { StoreFullError } from "./errors.ts";
import type { Audience, EventStore, NeededEvents, StoredEvent } from "./event_store.ts";
import { EVENT_EXPIRED, explain, type Explanation } from "./explain.ts";
import { type EventId, findEvents } from "./find_events.ts";
import { browse, type BrowsePage, type BrowseQuery } from "./browse.ts";
import { type LocalWant, LocalWants } from "./local_wants.ts";
import { EVENT_BYTES_DEFAULT, type NodeOptions, PUBLISH_WINDOW_DEFAULT } from "./options.ts";
import type { SinkFactory } from "./sink_factory.ts";
import { StoreRoom } from "./store_room.ts";
import { type EventStream, openStream, streamDefinition, type StreamOptions } from "./streams/event_stream.ts";
import { Subscriptions } from "./subscriptions/subscriptions.ts";
import { type SystemEventType, toSystemEvent } from "./system_events.ts";
import { TOPIC_BYTES_MAX } from "./topic.ts";
import { type TracedDelivery, traceDeliveries } from "./trace_deliveries.ts";
import { TopicCatalogue } from "./topic_catalogue.ts";

/** What a node is built on; adapters implement it. */
export interface NodeParts {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly sinks: SinkFactory;
  /** In [0, 1). */
  readonly random: () => number;
  readonly newId: () => string;
  /** Something failed that nobody waits for; it is tried again where that makes sense. */
  readonly onError: (error: unknown) => void;
  /** How events came over links; without it those in the log are all there will ever be. */
  readonly arrivalOrder?: ArrivalOrder;
}

/** What keeps a node from taking events; empty when it is ready. */
export interface FailedCheck {
  readonly check: "store" | "draining";
  readonly detail: string;
}

export class WeftNode implements AsyncDisposable {
  readonly id: string;
  readonly cluster: string;
  readonly federation: string;
  readonly store: EventStore;
  readonly dispatcher: Dispatcher;
  readonly subscriptions: Subscriptions;
  readonly deadLetters: DeadLetters;
  readonly topics: TopicCatalogue;
  readonly acceptor: Acceptor;
  readonly #parts: NodeParts;
  readonly #groups: QueueGroups;
  readonly #redriver: Redriver;
  readonly #outcomes: RecentOutcomes;
  readonly #streams = new Set<EventStream>();
  readonly #wants: LocalWants;
  readonly #neededElsewhere = new Set<() => readonly NeededEvents[]>();
  readonly #room: StoreRoom;
  #draining = false;
  #stopped: Promise<void> | undefined;

  /** Opens a node on a store: rebuilds the publish window, takes up subscriptions where they were. */
  static async open(parts: NodeParts, options: NodeOptions): Promise<WeftNode> {
    const node = new WeftNode(parts, options);
    await node.acceptor.load();
    await node.#groups.load();
    await node.subscriptions.load();
    node.#groups.forgetUnused();
    parts.store.setNeeded(() =>
      [...node.#neededElsewhere].reduce(
        (needed, source) => needed.concat(source()),
        node.#groups.needed(),
      )
    );
    return node;
  }

  private constructor(parts: NodeParts, options: NodeOptions) {
    const { store, clock, onError } = parts;
    this.id = options.id;
    this.cluster = options.cluster;
    this.federation = options.federation;
    this.store = store;
    this.#parts = parts;
    this.dispatcher = new Dispatcher(store, clock);
    this.topics = new TopicCatalogue(clock);
    store.onAppend((events) => this.#note(events));
    this.deadLetters = new DeadLetters(store);
    this.#wants = new LocalWants(clock);
    const outcomes = this.#outcomes = new RecentOutcomes(() => clock.wall());
    this.#groups = new QueueGroups({
      store,
      dispatcher: this.dispatcher,
      clock,
      wants: this.#wants,
      onError,
      outcomes,
      arrivalOrder: parts.arrivalOrder,
    });
    this.#room = new StoreRoom({
      store,
      clock,
      onError,
      onFull: onError,
      onRoom: (full) => this.announce("weft-system.store.full", { ...full, over: true }),
    });
    this.acceptor = new Acceptor(store, {
      cluster: options.cluster,
      eventBytesMax: options.eventBytesMax ?? EVENT_BYTES_DEFAULT,
      topicBytesMax: options.topicBytesMax ?? TOPIC_BYTES_MAX,
      publishWindow: options.publishWindow ?? PUBLISH_WINDOW_DEFAULT,
      wall: () => clock.wall(),
      onStored: () => this.#room.noteStored(),
      onFull: (error) => this.#room.noteFull(error),
      onError,
    });
    this.subscriptions = new Subscriptions({
      ...parts,
      deadLetters: this.deadLetters,
      groups: this.#groups,
      outcomes,
      wall: () => clock.wall(),
      onReply: async (event) => void await this.accept({ topic: this.topicOf(event), event }),
      onGone: ({ id }, detail) => this.announce("weft-system.subscription.paused", { subscription: id, detail }),
      onDeadLetter: ({ id, subscription, reason, delivery }) => {
        const { topic, position } = delivery.stored;
        if (topic.startsWith("weft-system.")) return; // else a failing listener of trouble would make trouble for ever
        this.announce("weft-system.dead-letter", { deadLetter: id, subscription, reason, topic, position });
      },
    });
    this.#redriver = new Redriver(this.deadLetters, this.subscriptions);
  }

  /** The topic that an event will have; `explicit` is the one that the door names. Throws `RefusedError`. */
  topicOf(event: CloudEvent, explicit?: string): string {
    return this.acceptor.topicOf(event, explicit);
  }

  /** Resolves once the event is durable. Rejects with `RefusedError` or `StoreFullError`. */
  accept(submission: Submission): Promise<Receipt> {
    return this.acceptor.accept(submission);
  }

  /** All or nothing. */
  acceptBatch(submissions: readonly Submission[]): Promise<Receipt[]> {
    return this.acceptor.acceptBatch(submissions);
  }

  /** A live stream of events. Close it when its client is gone. */
  async openStream(options: StreamOptions): Promise<EventStream> {
    const { store, clock, onError } = this.#parts;
    const stream = await openStream(
      { store, clock, onError, dispatcher: this.dispatcher, groups: this.#groups },
      options,
    );
    let closed: Promise<void> | undefined;
    const close = () => closed ??= (this.#streams.delete(once), this.#wants.letLinger(once), stream.close());
    const once = { ...stream, close };
    this.#streams.add(once);
    if (options.group === undefined) this.#wants.set(once, toWant(options)); // a group's is its group's
    return once;
  }

  /** Streams connected now. */
  get streams(): number {
    return this.#streams.size;
  }

  /** What subscriptions and streams of this node want of the whole mesh. The same array until something changes. */
  wants(): readonly LocalWant[] {
    return this.#wants.list();
  }

  /** Calls `listener` after each change of `wants()`; the answer ends it. */
  watchWants(listener: () => void): () => void {
    return this.#wants.watch(listener);
  }

  /**
   * Whether events that come over links repeat a source and id of the publish window that came as another event. `done` is
   * called once, at once unless the log has to be read; publishers of the same wait until it calls `settle`.
   */
  judge(
    arrivals: readonly Arrived[],
    done: (verdicts: readonly ArrivalVerdict[], settle: () => void) => void,
  ): void {
    this.acceptor.judge(arrivals, done);
  }

  /**
   * Events that others than subscriptions still need; the store asks before it retires any. To be called before anything
   * is awaited after `open()`, so that nothing is retired meanwhile. The answer ends it.
   */
  addNeeded(source: () => readonly NeededEvents[]): () => void {
    this.#neededElsewhere.add(source);
    return () => this.#neededElsewhere.delete(source);
  }

  /** From now on a group gets no other definition than one of its name has elsewhere, as `source` knows. */
  learnGroups(source: GroupsElsewhere): void {
    this.#groups.elsewhere = source;
  }

  /** Reads the log a page at a time. */
  async browse(query: BrowseQuery): Promise<BrowsePage> {
    return await browse(this.store, query);
  }

  /**
   * Who would get an event of that topic, and what stops it; sends nothing. `audience`: for whom it would be here, if it
   * came over a link. Throws `RefusedError` for an `expirytime` that is no time.
   */
  explain(topic: string, event: CloudEvent, audience: Audience = "everybody"): Explanation {
    const streams = [...this.#streams].filter((stream) => stream.wants(topic, event)).length;
    const isOver = remainingAgeMs(event, { wall: () => this.#parts.clock.wall() }) < 0;
    const stop = isOver ? EVENT_EXPIRED : undefined;
    return explain(this.subscriptions, { cluster: this.cluster, topic, event, streams, audience, stop });
  }

  /** Events of a source and id that are in the log, also those in transit, oldest first. `recent`: of the publish window. */
  async find({ source, id }: EventId, { recent = false } = {}): Promise<StoredEvent[]> {
    const candidates = this.acceptor.candidates(source, id);
    return await findEvents(this.store, { source, id }, { candidates, recent });
  }

  /** What became of a stored event at each subscription of this node. */
  async traceDeliveries(stored: StoredEvent): Promise<TracedDelivery[]> {
    const { subscriptions, deadLetters } = this;
    return await traceDeliveries({ subscriptions, deadLetters, outcomes: this.#outcomes }, stored);
  }

  async redrive(query: DeadLetterQuery, onProgress?: (redriven: number) => void): Promise<RedriveResult> {
    return await this.#redriver.redrive(query, onProgress);
  }

  cursorOf(position: number): string {
    return toCursor(this.store, position);
  }

  /** Throws `RefusedError` for a cursor of another log or none at all. */
  positionOf(cursor: string): number {
    return parseCursor(this.store, cursor);
  }

  /** Publishes an event of the node's own. What the store has no room for is left out: that it is full is reported once. */
  announce(type: SystemEventType, data: Record<string, unknown>): void {
    const submission = toSystemEvent(type, { node: this.id, at: this.#parts.clock.wall(), data });
    this.acceptor.accept(submission).catch((error) => {
      if (!(error instanceof StoreFullError) || error.full === "queue") this.#parts.onError(error);
    });
  }

  /** What keeps the node from taking events. While the store was full, asks it whether there is room again. */
  async failedChecks(): Promise<FailedCheck[]> {
    const failed: FailedCheck[] = [];
    await this.#room.look();
    if (this.#room.problem !== undefined) failed.push({ check: "store", detail: this.#room.problem });
    const { failure } = this.store;
    if (failure !== undefined) failed.push({ check: "store", detail: failure.message });
    if (this.#draining) failed.push({ check: "draining", detail: "the node is stopping" });
    return failed;
  }

  /** From now on `failedChecks()` says that the node is stopping. */
  beginDrain(): void {
    this.#draining = true;
  }

  /** Finishes deliveries under way (at most `graceMs`), writes every place in the log, closes the store. Idempotent. */
  stop(graceMs = 5000): Promise<void> {
    this.#draining = true;
    return this.#stopped ??= this.#stop(graceMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(graceMs: number): Promise<void> {
    await this.subscriptions.stop(graceMs);
    for (const stream of [...this.#streams]) await stream.close();
    await this.#groups.close();
    this.dispatcher.close();
    this.#wants.close();
    this.#room.close();
    await this.store.close();
  }

  #note(events: readonly StoredEvent[]): void {
    this.topics.noteAll(events);
    for (const event of events) {
      // Those accepted here enter the publish window with their receipts.
      if (event.audience !== "everybody" || event.origin !== this.cluster) this.acceptor.noteArrived(event);
    }
  }
}

function toWant(options: StreamOptions): LocalWant {
  const { topic, ...definition } = streamDefinition(options);
  return { pattern: topic, ...definition, durable: false };
}
