/**
 * One node: publish, keep, deliver. Knows nothing of peers, sockets or runtimes; adapters bring those.
 * Read `tests/flow_test.ts` first, then `node.ts`.
 *
 * @module
 */

export { type Submission } from "./accept/acceptor.ts";
export {
  encodeRecord,
  RecordContent,
  recordEvent,
  recordTopic,
  recordTopicBegins,
  recordTtlMs,
  recordWithTtl,
} from "./event_record.ts";
export { type Receipt } from "./accept/receipt.ts";
export { type ArrivalVerdict, type Arrived } from "./accept/arrival_judge.ts";
export { type ArrivalGap, type ArrivalOrder, type OriginNumber } from "./arrival_order.ts";
export { type Clock, systemClock } from "./clock.ts";
export * from "./codec/mod.ts";
export { type DeadLetter, type DeadLetterQuery } from "./dead_letters.ts";
export { type GroupElsewhere } from "./delivery/groups_elsewhere.ts";
export { type Settlement } from "./delivery/pull_consumer.ts";
export { RefusedError, StoreClosedError, StoreFailedError, StoreFullError, StoreOpenError } from "./errors.ts";
export { type AttributeValue, type CloudEvent, type DataForm, type EventAttributes } from "./event.ts";
export * from "./event_store.ts";
export { type ExplainReason, type Explanation, toReceiversDetail } from "./explain.ts";
export { firstIndex } from "./first_index.ts";
export { type EventId } from "./find_events.ts";
export { type LocalWant } from "./local_wants.ts";
export { type IdHash } from "./id_hash.ts";
export { type Interval, IntervalSet } from "./interval_set.ts";
export { type FailedCheck, type NodeParts, WeftNode } from "./node.ts";
export { Matcher } from "./matcher/mod.ts";
export { type NodeOptions } from "./options.ts";
export { type Sink, type SinkDelivery, type SinkOutcome, type SinkResponse } from "./sink.ts";
export { type SinkFactory } from "./sink_factory.ts";
export { type EventStream, type StreamGap, type StreamOptions } from "./streams/event_stream.ts";
export { type Subscription, type SubscriptionRequest, SubscriptionSchema } from "./subscriptions/subscription.ts";
export { ledgerOfSubscriptions, type SubscriptionLedgerEntry } from "./subscription_ledger.ts";
export { type SubscriptionStatus } from "./subscriptions/subscription_status.ts";
export { type Consumer } from "./subscriptions/subscriptions.ts";
export { type TracedDelivery, type TracedOutcome } from "./trace_deliveries.ts";
export { type SystemEventType } from "./system_events.ts";
export { isSystemTopic } from "./system_topics.ts";
export {
  InvalidPatternError,
  InvalidTopicError,
  parsePattern,
  parseTopic,
  patternCovers,
  patternMatches,
  patternsOverlap,
} from "./topic.ts";
