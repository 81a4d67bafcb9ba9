/** The subscription resource: what its creator may say, with defaults (CloudEvents Subscriptions API, and ours in `config`). */

import * as v from "valibot";

import { RefusedError } from "../errors.ts";
import { requirePattern } from "../require_pattern.ts";

const name = (what: string) =>
  v.pipe(
    v.string(),
    v.regex(/^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/, `${what} holds 1 to 128 letters, digits and . _ ~ -`),
  );
const count = (least: number, most: number) => v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));

const DAY_MS = 86_400_000;

const RetrySchema = v.strictObject({
  /** Attempts in all. Higher forgives longer outages and keeps a poison event longer. Default 8. */
  attemptsMax: v.optional(count(1, 1000), 8),
  backoff: v.optional(v.picklist(["exponential", "linear", "fixed"]), "exponential"),
  /** Delay after the first failure, ms. Lower hammers a sink that is down. Default 500. */
  minMs: v.optional(count(1, DAY_MS), 500),
  /** Longest delay, ms. Default 60,000. */
  maxMs: v.optional(count(1, DAY_MS), 60_000),
});

const ConfigSchema = v.strictObject({
  /** Pattern of topics. Default `>`: all but the node's own `weft-system.>`. */
  topic: v.optional(v.string(), ">"),
  /** Competing consumers: each event goes to one member of the group. */
  group: v.optional(name("a group")),
  scope: v.optional(v.picklist(["node", "cluster", "mesh"]), "mesh"),
  /** Where a new subscription begins: `now`, `earliest`, a position or an RFC 3339 time. */
  since: v.optional(v.union([v.string(), v.number()]), "now"),
  /** One event at a time per ordering key. Costs throughput where keys are few. */
  ordered: v.optional(v.boolean(), false),
  /** Unacknowledged events at a time. Higher hides latency and repeats more after a kill. Default 32 (PULL: 1,000). */
  maxInFlight: v.optional(count(1, 10_000)),
  /** PULL: an event that is not acknowledged comes back after this, ms. Default 30,000. */
  ackTimeoutMs: v.optional(count(10, DAY_MS), 30_000),
  retry: v.optional(RetrySchema, {}),
  /** Keep what failed all its attempts. `false` counts it and lets it go. */
  deadLetter: v.optional(v.boolean(), true),
  /** The subscription ends this long after its creation, ms. Default never. */
  expiresInMs: v.optional(v.nullable(count(1, 3650 * DAY_MS)), null),
});

const SettingsSchema = v.strictObject({
  method: v.optional(v.picklist(["POST", "PUT", "PATCH"]), "POST"),
  headers: v.optional(v.record(v.string(), v.string()), {}),
  /** Default `binary`, or `structured` when there is a secret: Standard Webhooks signs the body only. */
  mode: v.optional(v.picklist(["binary", "structured", "batch"])),
  /** An attempt is given up after this, ms. Default 10,000. */
  timeoutMs: v.optional(count(10, 600_000), 10_000),
  /** Batch mode: events in a request at most. Default 100. */
  maxSize: v.optional(count(1, 1000), 100),
  /** Batch mode: how long a request waits to be full, ms. Default 100. */
  maxWaitMs: v.optional(count(0, 60_000), 100),
  /** Signs each request as Standard Webhooks does: `whsec_` and base64, or any text. Write-only. */
  secret: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(1024))),
  /** Do the CloudEvents webhook handshake at creation. Default: when the sink is not on loopback. */
  validate: v.optional(v.boolean()),
  /** Publish a 2xx answer that is itself a CloudEvent. Default true. */
  replies: v.optional(v.boolean(), true),
  /** How `ce-*` values are written: as the HTTP binding says, or raw for sinks that do not decode. */
  headerEncoding: v.optional(v.picklist(["percent", "raw"]), "percent"),
});

const CredentialSchema = v.strictObject({
  credentialtype: v.literal("ACCESSTOKEN"),
  accesstoken: v.pipe(v.string(), v.minLength(1)),
  accesstokenexpiresutc: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  accesstokentype: v.optional(v.string()),
});

/** What a client may send as a subscription; `parseSubscription()` checks what a schema cannot say. */
export const SubscriptionSchema = v.strictObject({
  id: v.optional(name("a subscription id")),
  /** Only events of this source. */
  source: v.optional(v.pipe(v.string(), v.minLength(1))),
  /** Only events of one of these types. */
  types: v.optional(v.pipe(v.array(v.pipe(v.string(), v.minLength(1))), v.minLength(1))),
  filters: v.optional(v.array(v.record(v.string(), v.unknown()))),
  config: v.optional(ConfigSchema, {}),
  protocol: v.optional(v.picklist(["HTTP", "PULL"])),
  sink: v.optional(v.string()),
  protocolsettings: v.optional(SettingsSchema, {}),
  sinkcredential: v.optional(CredentialSchema),
});

export type SubscriptionRequest = v.InferInput<typeof SubscriptionSchema>;
type Parsed = v.InferOutput<typeof SubscriptionSchema>;

/** A subscription as the node keeps it: every default filled in. */
export interface Subscription extends Omit<Parsed, "id" | "protocol" | "config" | "protocolsettings"> {
  readonly id: string;
  readonly protocol: "HTTP" | "PULL";
  readonly config: Parsed["config"] & { readonly maxInFlight: number };
  readonly protocolsettings: Parsed["protocolsettings"] & { readonly mode: "binary" | "structured" | "batch" };
}

/** Reads a request body. Throws `RefusedError` (`INVALID_SUBSCRIPTION`) that names the member at fault. */
export function parseSubscription(body: unknown, id: string): Subscription {
  const result = v.safeParse(SubscriptionSchema, body);
  if (!result.success) throw refusal(result.issues[0]);
  const parsed = result.output;
  const protocol = parsed.protocol ?? (parsed.sink === undefined ? "PULL" : "HTTP");
  requireSink(protocol, parsed.sink);
  requirePattern(parsed.config.topic, "config.topic");
  const { minMs, maxMs } = parsed.config.retry;
  if (minMs > maxMs) throw invalid("config.retry", `minMs ${minMs} is more than maxMs ${maxMs}`);
  const settings = parsed.protocolsettings;
  return {
    ...parsed,
    id: parsed.id ?? id,
    protocol,
    config: { ...parsed.config, maxInFlight: parsed.config.maxInFlight ?? (protocol === "PULL" ? 1000 : 32) },
    protocolsettings: { ...settings, mode: settings.mode ?? (settings.secret === undefined ? "binary" : "structured") },
  };
}

/** The resource as it is shown: secrets are write-only. */
export function toResource(subscription: Subscription): Record<string, unknown> {
  const { secret: _secret, ...protocolsettings } = subscription.protocolsettings;
  const resource: Record<string, unknown> = { ...subscription, protocolsettings, replay: "local" };
  if (subscription.sinkcredential !== undefined) {
    const { accesstoken: _token, ...sinkcredential } = subscription.sinkcredential;
    resource.sinkcredential = sinkcredential;
  }
  return resource;
}

function requireSink(protocol: "HTTP" | "PULL", sink: string | undefined): void {
  if (protocol === "PULL" && sink !== undefined) throw invalid("sink", "a PULL subscription has none; leave it out");
  if (protocol === "HTTP" && sink === undefined) {
    throw invalid("sink", "an HTTP subscription needs the URL to push to, or use protocol PULL");
  }
}

function refusal(issue: v.BaseIssue<unknown>): RefusedError {
  const path = issue.path?.map((item) => String(item.key)).join(".") ?? "";
  if (issue.type === "strict_object" && issue.expected === "never") {
    return invalid(path, "there is no such member; see the subscription resource in /openapi.json");
  }
  return invalid(path, issue.message);
}

function invalid(path: string, problem: string): RefusedError {
  const where = path === "" ? "the body" : `"${path}"`;
  return new RefusedError("INVALID_SUBSCRIPTION", `Cannot use subscription: ${where}: ${problem}`, { path });
}
