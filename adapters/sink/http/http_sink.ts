/** The HTTP sink: pushes events to a URL and says what the answer means. */

import { type Clock, type Sink, type SinkDelivery, type SinkOutcome, systemClock } from "../../../node/mod.ts";
import { type Deadline, Deadlines } from "./deadline.ts";
import type { HttpSinkOptions } from "./http_sink_options.ts";
import { parseSecret } from "./signature.ts";
import { judgeAnswer } from "./sink_answer.ts";
import { assertSinkAllowed, type SinkPolicy } from "./sink_policy.ts";
import { toSinkRequest } from "./sink_request.ts";

export interface HttpSinkContext {
  readonly policy: SinkPolicy;
  /** Default: the system's. */
  readonly clock?: Clock;
}

// How long one look at the sink's addresses holds. Longer saves look-ups under load; the runtimes' own resolvers keep
// answers longer than this, so a shorter time would guard nothing more.
const allowedForMs = 1000;

/** Keeps connections open between deliveries; `fetch` pools them. Holds no resource that has to be closed. */
export class HttpSink implements Sink {
  readonly #options: HttpSinkOptions & { readonly key: Uint8Array | undefined };
  readonly #policy: SinkPolicy;
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  #allowedUntilMs = -Infinity;

  constructor(context: HttpSinkContext, options: HttpSinkOptions) {
    this.#policy = context.policy;
    this.#clock = context.clock ?? systemClock;
    this.#deadlines = new Deadlines(this.#clock, options.timeoutMs);
    this.#options = { ...options, key: options.secret === undefined ? undefined : parseSecret(options.secret) };
  }

  async deliver(deliveries: readonly SinkDelivery[], options: { readonly signal: AbortSignal }): Promise<SinkOutcome> {
    const { signal } = options;
    signal.throwIfAborted();
    const request = toSinkRequest(deliveries, this.#options, this.#clock.wall());
    using deadline = this.#deadlines.start(signal);
    try {
      if (this.#clock.now() >= this.#allowedUntilMs) await this.#assertAllowed(deadline);
      const response = await fetch(this.#options.url, {
        method: this.#options.method,
        headers: request.headers,
        body: request.body,
        redirect: "manual",
        signal: deadline.signal,
      });
      return this.#explain(await judgeAnswer(response, { replies: this.#options.replies, wallMs: this.#clock.wall() }));
    } catch (error) {
      signal.throwIfAborted();
      return { type: "retry", reason: failureText(deadline.signal.aborted ? deadline.signal.reason : error) };
    }
  }

  async #assertAllowed(deadline: Deadline): Promise<void> {
    await deadline.race(assertSinkAllowed(this.#options.url, this.#policy));
    this.#allowedUntilMs = this.#clock.now() + allowedForMs;
  }

  /** A 401 after the token's end has a cause that the sink's answer need not tell. */
  #explain(outcome: SinkOutcome): SinkOutcome {
    const { accessTokenExpires } = this.#options;
    if (outcome.type !== "retry" || outcome.response?.status !== 401 || accessTokenExpires === undefined) {
      return outcome;
    }
    if (!(Date.parse(accessTokenExpires) <= this.#clock.wall())) return outcome;
    return { ...outcome, reason: `${outcome.reason}; the access token expired at ${accessTokenExpires}, replace it` };
  }
}

/** What went wrong; some runtimes put the useful part into `cause`. */
function failureText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
