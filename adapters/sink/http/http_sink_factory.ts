/** Makes the HTTP sinks of subscriptions, once their creator's wishes fit the node's policy and the sink consents. */

import {
  type Clock,
  RefusedError,
  type Sink,
  type SinkFactory,
  type Subscription,
  systemClock,
} from "../../../node/mod.ts";
import { performHandshake } from "./handshake.ts";
import { HttpSink } from "./http_sink.ts";
import { sinkHeadersProblem, toHttpSinkOptions } from "./http_sink_options.ts";
import { parseSecret } from "./signature.ts";
import {
  assertSinkAllowed,
  isLoopbackSink,
  SinkForbiddenError,
  type SinkPolicy,
  SinkUnresolvedError,
} from "./sink_policy.ts";

export interface HttpSinkFactoryOptions {
  readonly policy: SinkPolicy;
  /** The node's name in the webhook handshake. */
  readonly origin: string;
  /** Default: the system's. */
  readonly clock?: Clock;
}

export class HttpSinkFactory implements SinkFactory {
  readonly #policy: SinkPolicy;
  readonly #origin: string;
  readonly #clock: Clock;

  constructor(options: HttpSinkFactoryOptions) {
    this.#policy = options.policy;
    this.#origin = options.origin;
    this.#clock = options.clock ?? systemClock;
  }

  /** Refuses with `INVALID_SUBSCRIPTION`, `SINK_FORBIDDEN`, `SINK_UNRESOLVED` or `SINK_NOT_VALIDATED`. */
  async prepare(subscription: Subscription): Promise<void> {
    if (subscription.sink === undefined) return;
    checkSettings(subscription);
    try {
      if (validates(subscription, subscription.sink)) await this.#validate(subscription, subscription.sink);
      else await assertSinkAllowed(subscription.sink, this.#policy);
    } catch (error) {
      refuseUnless(error, { unresolvedIsFine: subscription.protocolsettings.validate === false });
    }
  }

  open(subscription: Subscription): Sink {
    const asked = subscription.sink !== undefined && validates(subscription, subscription.sink);
    const options = toHttpSinkOptions(subscription, asked ? this.#origin : undefined);
    return new HttpSink({ policy: this.#policy, clock: this.#clock }, options);
  }

  async #validate(subscription: Subscription, url: string): Promise<void> {
    const { protocolsettings: settings, sinkcredential } = subscription;
    const headers = { ...settings.headers };
    if (sinkcredential !== undefined) headers.authorization = `Bearer ${sinkcredential.accesstoken}`;
    const result = await performHandshake({
      url,
      origin: this.#origin,
      headers,
      timeoutMs: settings.timeoutMs,
      policy: this.#policy,
      clock: this.#clock,
    });
    if (result.type === "consented") return;
    throw new RefusedError(
      "SINK_NOT_VALIDATED",
      `Cannot push to sink "${url}": ${result.reason}; answer the webhook handshake, or set protocolsettings.validate to ` +
        "false if the sink is yours",
      { path: "sink" },
    );
  }
}

/** A sink on this machine belongs to whoever runs the node; any other is asked. */
function validates(subscription: Subscription, url: string): boolean {
  return subscription.protocolsettings.validate ?? !isLoopbackOrUnreadable(url);
}

function isLoopbackOrUnreadable(url: string): boolean {
  try {
    return isLoopbackSink(url);
  } catch (error) {
    // The policy has the better words for a URL that cannot be used.
    if (error instanceof SinkForbiddenError) return true;
    throw error;
  }
}

function checkSettings(subscription: Subscription): void {
  const { headers, secret } = subscription.protocolsettings;
  const wrong = sinkHeadersProblem(headers);
  if (wrong !== undefined) {
    const path = `protocolsettings.headers.${wrong.header}`;
    throw new RefusedError("INVALID_SUBSCRIPTION", `Cannot send header "${wrong.header}": ${wrong.problem}`, { path });
  }
  try {
    if (secret !== undefined) parseSecret(secret);
  } catch (error) {
    throw new RefusedError(
      "INVALID_SUBSCRIPTION",
      (error as Error).message,
      { path: "protocolsettings.secret" },
      error,
    );
  }
}

/** A sink that is not up yet may be named if nobody wants to ask it now: every delivery looks again. */
function refuseUnless(error: unknown, options: { unresolvedIsFine: boolean }): void {
  if (error instanceof SinkForbiddenError) {
    throw new RefusedError("SINK_FORBIDDEN", error.message, { path: "sink" }, error);
  }
  if (!(error instanceof SinkUnresolvedError)) throw error;
  if (options.unresolvedIsFine) return;
  throw new RefusedError("SINK_UNRESOLVED", error.message, { path: "sink" }, error);
}
