/** Port: where a subscription's events are pushed to. */

import type { CloudEvent } from "./event.ts";

/** One event on its way to a sink. */
export interface SinkDelivery {
  readonly event: CloudEvent;
  /** Of this event for this subscription; the same at each attempt, so that a receiver can tell a repeat. */
  readonly deliveryId: string;
  /** 1 at first. */
  readonly attempt: number;
}

/** What a sink answered, for people: dead letters and status show it. */
export interface SinkResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** First 4 KiB, as text. */
  readonly body: string;
}

/** What became of an attempt. It holds for all deliveries of the attempt. */
export type SinkOutcome =
  | {
    readonly type: "acknowledged";
    readonly status: number;
    /** The answer was itself an event. */
    readonly reply?: CloudEvent;
    /** The answer said that it was an event, but it was none that can be read; why. */
    readonly replyProblem?: string;
  }
  /** Try again, not before `retryAfterMs` if the sink named a delay. */
  | {
    readonly type: "retry";
    readonly reason: string;
    readonly retryAfterMs?: number;
    readonly response?: SinkResponse;
  }
  /** The sink is gone: deliver nothing more until somebody resumes the subscription. */
  | { readonly type: "pause"; readonly reason: string; readonly response?: SinkResponse }
  /** No further attempt can succeed. */
  | { readonly type: "reject"; readonly reason: string; readonly response?: SinkResponse };

export interface Sink {
  /**
   * One attempt. Several deliveries at once are for sinks in batch mode; else there is exactly one. May be called again
   * while attempts are under way. Whatever the sink does is an outcome; rejects with the signal's reason once `signal` is
   * aborted, and then the sink may or may not have got the events.
   */
  deliver(deliveries: readonly SinkDelivery[], options: { readonly signal: AbortSignal }): Promise<SinkOutcome>;
}
