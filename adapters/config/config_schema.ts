/**
 * Every setting of a node: name, kind, default, effect. What a knob costs is in its description, which `weft config schema`
 * and editors show.
 */

import * as v from "valibot";

import { parsePattern } from "../../node/mod.ts";
import {
  bytes,
  choice,
  duration,
  flag,
  integer,
  linkAddress,
  linkAddresses,
  list,
  name,
  port,
  secret,
  text,
  texts,
} from "./value_types.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** A pattern of topics: `order.>`, `metrics.*.cpu`. */
const pattern = v.pipe(
  text(),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    try {
      parsePattern(dataset.value);
    } catch (error) {
      addIssue({ message: (error as Error).message });
    }
  }),
);

/** An optional section whose keys have defaults of their own. */
function section<const Entries extends v.ObjectEntries>(description: string, entries: Entries) {
  return v.optional(v.pipe(v.strictObject(entries), v.description(description)), {} as never);
}

function knob<const Schema extends v.GenericSchema, const Default extends v.InferInput<Schema>>(
  schema: Schema,
  fallback: Default,
  description: string,
) {
  return v.optional(v.pipe(schema, v.description(description)), fallback as never);
}

function optionalKnob<const Schema extends v.GenericSchema>(schema: Schema, description: string) {
  return v.optional(v.pipe(schema, v.description(description)));
}

const node = section("Who this node is.", {
  id: optionalKnob(name(), "Name of the node. Default: chosen once, kept in dataDir."),
  cluster: optionalKnob(
    name(),
    "Nodes of one cluster share one store; with the embedded store a cluster is one node. Default: node.id.",
  ),
});

const http = section("The HTTP door.", {
  host: knob(text(), "127.0.0.1", "Address to listen on. Anything but loopback needs auth.tokens or auth.jwt."),
  port: knob(port(), 7700, "Port to listen on; 0 picks a free one."),
  allowedHosts: knob(
    texts(),
    [],
    "Names under which the door is reached, beside its own: a request for another host is refused (DNS rebinding).",
  ),
});

const nats = section("The NATS endpoint, for NATS clients and for links.", {
  host: knob(
    text(),
    "127.0.0.1",
    "Address to listen on. Anything but loopback needs auth.tokens, auth.nkeys or auth.jwt.",
  ),
  port: knob(port(), 7701, "Port to listen on; 0 picks a free one."),
});

const grpc = section("The gRPC door.", {
  host: knob(text(), "127.0.0.1", "Address to listen on. Anything but loopback needs auth.tokens or auth.jwt."),
  port: knob(port(), 7702, "Port to listen on; 0 picks a free one."),
});

const store = section("Where accepted events are kept.", {
  kind: knob(
    choice(["sqlite", "memory"]),
    "sqlite",
    "sqlite: in dataDir, durable. memory: for tests, gone when the node stops.",
  ),
  url: optionalKnob(v.union([text(), texts()]), "Address of a store on a server, or a list of them."),
  maxBytes: knob(
    bytes(MIB),
    "10GiB",
    "Room for events. Higher bridges longer outages of subscribers and links, and costs that much disk.",
  ),
  overflow: knob(
    choice(["block", "evict-oldest"]),
    "block",
    "When the room is used up by events that somebody still needs: block refuses publishers (503), evict-oldest drops the oldest, counted.",
  ),
});

const retentionRule = v.pipe(
  v.strictObject({
    pattern: v.pipe(
      pattern,
      v.description("Topics for which the rule holds; the first rule that fits a topic counts."),
    ),
    maxAge: optionalKnob(duration(1), "Events are dropped when they are older."),
    maxBytes: optionalKnob(bytes(), "The oldest events are dropped past this size."),
    maxCount: optionalKnob(integer(1), "The oldest events are dropped past this number."),
  }),
  v.check(
    (rule) => (rule.maxAge ?? rule.maxBytes ?? rule.maxCount) !== undefined,
    "must set maxAge, maxBytes or maxCount",
  ),
  v.transform(({ maxAge, ...rule }) => maxAge === undefined ? rule : { ...rule, maxAgeMs: maxAge }),
);

const link = v.strictObject({
  url: v.pipe(linkAddress(), v.description("Address of the peer: nats://host:port.")),
  cost: optionalKnob(
    integer(1, 1_000_000),
    "Added to the measured round trip in ms, which alone counts by default. Higher is used less.",
  ),
  tags: optionalKnob(
    texts(),
    "Words that federation.tagCosts asks for, such as satellite. What either end says counts.",
  ),
  via: optionalKnob(
    choice(["direct", "broker"]),
    "What the URL must lead to: direct, a node; broker, a nats-server that both sides dial. Default: either.",
  ),
});

/** Of events, on links. */
const lane = choice(["high", "normal", "bulk"]);

const tagCost = v.strictObject({
  tag: v.pipe(text(), v.description("Of links, see federation.links.")),
  cost: v.pipe(
    v.union([integer(0, 1_000_000), choice(["never"])]),
    v.description(
      "What such a link costs more, in ms of round trip. never: it is not taken, and what has no other way waits.",
    ),
  ),
  lanes: optionalKnob(
    v.array(lane),
    "Lanes whose events pay, see traffic. Default: all of them.",
  ),
});

const registry = v.strictObject({
  kind: v.pipe(choice(["static", "consul", "etcd", "nacos"]), v.description("Which address book.")),
  url: optionalKnob(text(), "Address of the registry."),
});

const federation = section("Which mesh this node belongs to, and how it finds the others.", {
  name: knob(name(), "default", "Nodes of different federations never exchange events."),
  join: knob(linkAddresses(), [], "Addresses of nodes to join by (nats://host:port). One that answers is enough."),
  token: optionalKnob(secret(), "Shared secret of the links; needed as soon as one leaves this machine."),
  registry: optionalKnob(registry, "Address book of nodes."),
  links: knob(list(link), [], "Links with settings of their own."),
  tagCosts: knob(
    list(tagCost),
    [],
    "What links with a tag cost more, by lane; the first rule of a tag and a lane counts. Give all clusters the same rules.",
  ),
  overflow: knob(
    choice(["evict-oldest", "block"]),
    "evict-oldest",
    "When events for a cluster that cannot be reached take a tenth of store.maxBytes: evict-oldest ends the oldest, counted; block keeps them until publishers are refused (503).",
  ),
});

const accessToken = v.strictObject({
  name: optionalKnob(text(), "Shown in logs instead of the secret."),
  token: v.pipe(secret(), v.minLength(8, "must have at least 8 characters"), v.description("The secret.")),
  publish: optionalKnob(v.array(pattern), "Patterns that topics must fit to be published. Default: none."),
  subscribe: optionalKnob(v.array(pattern), "Patterns that cover what may be subscribed to. Default: none."),
  admin: optionalKnob(flag(), "Dead letters, seek, backup. Default: false."),
});

const jwt = v.strictObject({
  jwks: v.pipe(text(), v.description("URL of the issuer's keys (JWK Set).")),
  issuer: v.pipe(text(), v.description("`iss` of the tokens must be this.")),
  audience: v.pipe(text(), v.description("`aud` of the tokens must contain this.")),
  clockToleranceMs: optionalKnob(
    duration(),
    "How far clocks may differ. Higher accepts expired tokens longer. Default 5s.",
  ),
  claims: optionalKnob(
    v.strictObject({
      publish: optionalKnob(text(), "Claim with patterns that may be published to. Default: weft_publish."),
      subscribe: optionalKnob(text(), "Claim with patterns that may be subscribed to. Default: weft_subscribe."),
      admin: optionalKnob(text(), "Claim that is true for administrators. Default: weft_admin."),
    }),
    "Names of the claims that hold rights.",
  ),
});

const nkey = v.strictObject({
  name: optionalKnob(text(), "Shown in logs. Default: the beginning of the key."),
  nkey: v.pipe(
    secret(), // who takes the seed for it must not find it in a log
    v.regex(/^U[A-Z2-7]{55}$/, "must be the public key of a user: 56 characters that begin with U"),
    v.description("Public key, U…; the client keeps the seed, SU…."),
  ),
  publish: optionalKnob(v.array(pattern), "Patterns that topics must fit to be published. Default: none."),
  subscribe: optionalKnob(v.array(pattern), "Patterns that cover what may be subscribed to. Default: none."),
});

const auth = section("Who may do what. Without any of it everybody may do everything, on loopback only.", {
  tokens: optionalKnob(list(accessToken), "Bearer tokens and their rights."),
  nkeys: optionalKnob(list(nkey), "NKeys of NATS clients and their rights; they open the NATS endpoint alone."),
  jwt: optionalKnob(jwt, "JSON Web Tokens of an issuer."),
});

const tls = v.pipe(
  v.strictObject({
    cert: optionalKnob(text(), "File of the certificate chain of the doors, PEM; with tls.key."),
    key: optionalKnob(text(), "File of the private key, PEM; with tls.cert."),
    ca: optionalKnob(
      text(),
      "File of the authorities that certificates of dialled nodes must come from, PEM. Alone: the doors stay without TLS.",
    ),
  }),
  v.forward(v.check(({ cert, key }) => cert === undefined || key !== undefined, "is missing: tls.cert is there"), [
    "key",
  ]),
  v.forward(v.check(({ cert, key }) => key === undefined || cert !== undefined, "is missing: tls.key is there"), [
    "cert",
  ]),
);

const limits = section("What a single client may ask for.", {
  bodyBytes: knob(bytes(KIB), 8 * MIB, "Largest request body. Higher costs memory for each request under way."),
  eventBytes: knob(bytes(KIB), MIB, "Largest event."),
  batchEvents: knob(
    integer(1, 100_000),
    1_000,
    "Events in a batch. A batch is one transaction: larger ones delay others.",
  ),
  headersBytes: knob(bytes(KIB), 16 * KIB, "All headers of a request."),
  topicBytes: knob(integer(16, 4_096), 255, "Longest topic."),
  connections: knob(integer(1), 10_000, "Requests under way, streams among them. Each costs some 20 kB."),
  requestTimeoutMs: knob(duration(100), "30s", "How long a client may take to send its request."),
});

const sinks = section("Where subscriptions may push to.", {
  allow: knob(
    texts(),
    [],
    "Private addresses that are allowed all the same: addresses, blocks (10.0.0.0/8), host names, *.domain.",
  ),
});

const cors = section("Which web pages may call the HTTP door.", {
  origins: knob(texts(), [], "Origins such as https://app.example; * for any."),
});

const publishWindow = section("How long a repeated event is recognised by its id.", {
  idsMax: knob(integer(1_024), 1_048_576, "Ids remembered. Higher costs 16 bytes each."),
  ageMs: knob(duration(1_000), "10min", "How long an id is remembered at most."),
});

const log = section("What is written to standard error.", {
  level: knob(choice(["trace", "debug", "info", "warning", "error"]), "info", "The least that is written."),
  format: optionalKnob(choice(["pretty", "json"]), "Default: pretty on a terminal, else json."),
});

const trafficRule = v.strictObject({
  pattern: v.pipe(pattern, v.description("Topics for which the rule holds; the first that fits counts.")),
  lane: optionalKnob(lane, "Lane on links. Default: normal."),
  class: optionalKnob(
    choice(["custody", "best-effort"]),
    "best-effort crosses links at once and may be lost there. Default: custody.",
  ),
});

export const ConfigSchema = v.strictObject({
  $schema: v.optional(v.pipe(v.string(), v.description("For editors; has no effect."))),
  node,
  dataDir: knob(text(), ".weft", "Folder of everything durable. One process at a time."),
  http,
  nats,
  grpc,
  store,
  retention: knob(list(retentionRule), [], "How long events are kept, by topic. Default: until store.maxBytes."),
  federation,
  auth,
  tls: optionalKnob(tls, "Certificate of the doors."),
  limits,
  sinks,
  cors,
  publishWindow,
  log,
  traffic: knob(list(trafficRule), [], "Lanes and classes on links, by topic."),
  drainMs: knob(duration(), "5s", "How long a stopping node lets work under way finish. Higher delays restarts."),
});

/** A configuration as people write it. */
export type Config = v.InferInput<typeof ConfigSchema>;
