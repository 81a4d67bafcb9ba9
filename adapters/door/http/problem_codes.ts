/**
 * Every code that a node answers with, in one list: the doors take status and title from it, `docs/errors.md` is rendered
 * from it, and a test compares it with what the source throws. A code never changes its meaning.
 */

export interface ProblemCode {
  /** HTTP status; the other doors translate it. */
  readonly status: number;
  /** The same for every occurrence. */
  readonly title: string;
  /** What happened, for someone who reads it for the first time. */
  readonly explanation: string;
  /** What to do about it. */
  readonly remedy: string;
  /** For 429 and 503: what `Retry-After` says unless the error knows better, ms. */
  readonly retryAfterMs?: number;
}

export type Code = keyof typeof PROBLEM_CODES;

/** The entry of a code, or `undefined` when there is none of that name. */
export function findProblemCode(code: string): ProblemCode | undefined {
  return Object.hasOwn(PROBLEM_CODES, code) ? PROBLEM_CODES[code as Code] : undefined;
}

export const PROBLEM_CODES = {
  // What was published.
  INVALID_EVENT: {
    status: 400,
    title: "Not a CloudEvent",
    explanation: "The body is no CloudEvent, or no array of them in batch mode.",
    remedy: "Send a JSON object with specversion, id, source and type, or the ce-* headers of binary mode.",
  },
  MISSING_ATTRIBUTE: {
    status: 400,
    title: "Required attribute missing",
    explanation: "A CloudEvent needs specversion, id, source and type; the one named in `attribute` is absent.",
    remedy: "Set the attribute: header ce-<name> in binary mode, a member of that name in structured mode.",
  },
  INVALID_ATTRIBUTE: {
    status: 400,
    title: "Invalid attribute",
    explanation: "The name or the value of `attribute` breaks the rules of CloudEvents 1.0 for it.",
    remedy: "Correct the value as the detail says: names are a-z and 0-9, times RFC 3339, integers of 32 bits.",
  },
  REPEATED_HEADER: {
    status: 400,
    title: "Header repeated",
    explanation: "A ce-* header came more than once, so that its value is ambiguous.",
    remedy: "Send each ce-* header once.",
  },
  UNSUPPORTED_SPECVERSION: {
    status: 400,
    title: "Unsupported specversion",
    explanation: "The event names a version of CloudEvents other than 1.0.",
    remedy: "Send specversion 1.0.",
  },
  INVALID_DATA: {
    status: 400,
    title: "Invalid event data",
    explanation: "The member `data` or `data_base64` cannot be read as what it claims to be.",
    remedy: "Send one of the two, and valid base64 in data_base64.",
  },
  MALFORMED_JSON: {
    status: 400,
    title: "Malformed JSON",
    explanation: "The body is not JSON; `position` is the 0-based character at which reading stopped.",
    remedy: "Correct the JSON at that position; send UTF-8.",
  },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    title: "Unsupported media type",
    explanation: "The content type names a format of CloudEvents that this node does not read.",
    remedy:
      "Send application/cloudevents+json, application/cloudevents-batch+json, or binary mode with any content type.",
  },
  BATCH_TOO_LARGE: {
    status: 413,
    title: "Too many events in the batch",
    explanation: "The batch has more events than limits.batchEvents; `limit` is that number.",
    remedy: "Split the batch, or raise limits.batchEvents.",
  },
  EVENT_TOO_LARGE: {
    status: 413,
    title: "Event too large",
    explanation: "Attributes and data together have more bytes than limits.eventBytes; `limit` is that number.",
    remedy: "Send a reference to the data (extension dataref), or raise limits.eventBytes.",
  },
  ID_CONFLICT: {
    status: 409,
    title: "Id used for another event",
    explanation: "An event with this source and id was accepted a short while ago, with other content.",
    remedy: "Give every event an id of its own; repeat an id only with the very same event.",
  },
  INVALID_HEADER: {
    status: 400,
    title: "Invalid header",
    explanation: "The value of the header named in `header` is none that it can have.",
    remedy: "Correct the value as the detail says, or leave the header out.",
  },
  INVALID_TOPIC: {
    status: 400,
    title: "Invalid topic",
    explanation:
      "A topic is tokens joined by dots, none of them empty, without wildcards, spaces and control characters.",
    remedy: "Correct the topic as the detail says; write characters that a token cannot hold percent-encoded.",
  },
  TOPIC_RESERVED: {
    status: 400,
    title: "Topic reserved",
    explanation: "Topics below weft-system are the node's own: it publishes there what befalls it.",
    remedy: "Choose another first token.",
  },

  // What was subscribed to.
  INVALID_PATTERN: {
    status: 400,
    title: "Invalid pattern",
    explanation: "A pattern is a topic in which a whole token may be * and the last may be >.",
    remedy: "Correct the pattern as the detail says.",
  },
  INVALID_FILTER: {
    status: 400,
    title: "Invalid filter",
    explanation:
      "A filter has an unknown dialect, is empty, or holds an expression that does not parse; `path` names it, and `position` " +
      "is the 0-based character of the mistake in an expression.",
    remedy: "Correct the filter there. Dialects: exact, prefix, suffix, all, any, not, sql.",
  },
  INVALID_SUBSCRIPTION: {
    status: 400,
    title: "Invalid subscription",
    explanation: "The subscription has an unknown member or a value that does not fit; `path` names it.",
    remedy: "Correct that member; /openapi.json has the schema.",
  },
  INVALID_SINCE: {
    status: 400,
    title: "Invalid beginning",
    explanation: "`since` is none of earliest, now, a position, an RFC 3339 time, or a cursor.",
    remedy: "Send one of those.",
  },
  INVALID_CURSOR: {
    status: 400,
    title: "Invalid cursor",
    explanation: "The cursor was not made by a node. Cursors are opaque: they come with events and pages.",
    remedy: "Send a cursor exactly as it was received.",
  },
  CURSOR_FOREIGN: {
    status: 409,
    title: "Cursor of another log",
    explanation: "The cursor names a place in the log of another cluster, or of a store that was since replaced.",
    remedy: "Resume at the cluster that gave it, or begin here with since=earliest, now or a time.",
  },
  SUBSCRIPTION_NOT_FOUND: {
    status: 404,
    title: "No such subscription",
    explanation: "There is no subscription of that id on this node.",
    remedy: "GET /v1/subscriptions lists them; PUT creates one of a given id.",
  },
  SUBSCRIPTION_PAUSED: {
    status: 409,
    title: "Subscription paused",
    explanation: "The subscription keeps its events but delivers none.",
    remedy: 'Resume it with PATCH {"paused":false}.',
  },
  SUBSCRIPTION_EXPIRED: {
    status: 410,
    title: "Subscription expired",
    explanation: "The time of the subscription (config.expiresInMs) is over.",
    remedy: "Create it anew.",
  },
  NOT_A_PULL_SUBSCRIPTION: {
    status: 409,
    title: "Not a pull subscription",
    explanation: "Pulling and acknowledging are for subscriptions with protocol PULL; this one pushes to a sink.",
    remedy: "Create a subscription with protocol PULL.",
  },
  INVALID_ACK_ID: {
    status: 400,
    title: "Invalid acknowledgement id",
    explanation: "It does not have the form of an ackId. One that has it and names nothing is answered as `stale`.",
    remedy: "Send the ackId of a pulled event exactly as it was received.",
  },
  GROUP_MISMATCH: {
    status: 409,
    title: "Group defined otherwise",
    explanation:
      "Members of a group share one pattern, one set of filters, one order and one scope, and the first two wherever in " +
      "the mesh they are; this one differs from the group.",
    remedy: "Use the group's definition, or another name for the group.",
  },
  TOO_MANY_SUBSCRIPTIONS: {
    status: 429,
    title: "Too many subscriptions",
    explanation: "The node holds as many subscriptions as it may.",
    remedy: "Delete some, share one in a group, or use another node.",
    retryAfterMs: 60_000,
  },
  TOO_MANY_PULLS: {
    status: 429,
    title: "Too many waiting pulls",
    explanation: "As many pull requests of this subscription wait as may wait at once.",
    remedy: "Pull with waitMs 0, or with fewer consumers.",
    retryAfterMs: 1000,
  },
  SINK_FORBIDDEN: {
    status: 400,
    title: "Sink not allowed",
    explanation: "The sink is no URL to push to, or its address is one that the node may not push to.",
    remedy: "Use an http or https URL of an allowed address; sinks.allow adds private networks.",
  },
  SINK_UNRESOLVED: {
    status: 400,
    title: "Sink cannot be resolved",
    explanation: "The host name of the sink has no address, so the node cannot ask it for its consent.",
    remedy: "Correct the name, or set protocolsettings.validate to false if the sink comes up later.",
  },
  SINK_NOT_VALIDATED: {
    status: 400,
    title: "Sink did not consent",
    explanation: "The sink did not answer the webhook handshake (OPTIONS with WebHook-Request-Origin).",
    remedy: "Answer the handshake, or set protocolsettings.validate to false if the sink is yours.",
  },

  // Who asks.
  UNAUTHENTICATED: {
    status: 401,
    title: "Not authenticated",
    explanation:
      "The node wants to know who asks; `reason` is missing (no credentials), invalid (not known here) or expired.",
    remedy: "Send Authorization: Bearer <token> with a token of auth.tokens or a JWT that auth.jwt accepts.",
  },
  FORBIDDEN: {
    status: 403,
    title: "Not allowed",
    explanation: "The credentials are good but lack the right named in `scope`.",
    remedy: "Use a token that has the scope, or add it to the token in the configuration.",
  },
  AUTH_UNAVAILABLE: {
    status: 503,
    title: "Credentials cannot be checked",
    explanation: "The keys of the token's issuer (auth.jwt.jwks) cannot be fetched now.",
    remedy: "Try again; if it lasts, check that the node reaches the issuer.",
    retryAfterMs: 5000,
  },
  TOO_MANY_TICKETS: {
    status: 429,
    title: "Too many tickets",
    explanation: "As many tickets wait to be used as may wait at once.",
    remedy: "Ask again when tickets have run out: each lives for a minute.",
    retryAfterMs: 10_000,
  },

  // The request as such.
  HOST_NOT_ALLOWED: {
    status: 421,
    title: "Host not allowed",
    explanation:
      "The Host header names none of the names of this node. A web page that points its own name at your machine (DNS " +
      "rebinding) looks like this.",
    remedy: "Use the node's address, or add the name to http.allowedHosts.",
  },
  ORIGIN_NOT_ALLOWED: {
    status: 403,
    title: "Origin not allowed",
    explanation: "The request comes from a web page of another origin, and the node was not told to serve that page.",
    remedy: "Add the origin to cors.origins if the page is yours.",
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    title: "Headers too large",
    explanation: "Names and values of the headers have more bytes than limits.headersBytes; `limit` is that number.",
    remedy: "Send less in headers (structured mode carries attributes in the body), or raise the limit.",
  },
  BODY_TOO_LARGE: {
    status: 413,
    title: "Body too large",
    explanation: "The body has more bytes than limits.bodyBytes; `limit` is that number.",
    remedy: "Send smaller batches, or raise limits.bodyBytes.",
  },
  REQUEST_TIMEOUT: {
    status: 408,
    title: "Body came too slowly",
    explanation: "The body was not complete within limits.requestTimeoutMs; `limit` is that number.",
    remedy: "Send it faster or in parts, or raise the limit.",
  },
  BODY_INCOMPLETE: {
    status: 400,
    title: "Body incomplete",
    explanation: "The connection ended before the body did.",
    remedy: "Send the request again; the same id is accepted once only.",
  },
  INVALID_REQUEST: {
    status: 400,
    title: "Invalid request body",
    explanation: "The body has an unknown member, lacks one, or holds a value that does not fit; `path` names it.",
    remedy: "Correct that member; /openapi.json has the schema.",
  },
  INVALID_PARAMETER: {
    status: 400,
    title: "Invalid query parameter",
    explanation: "A parameter of the query has a value that does not fit; `parameter` names it.",
    remedy: "Correct the parameter as the detail says; /openapi.json lists what each takes.",
  },
  INVALID_MESSAGE: {
    status: 400,
    title: "Invalid message",
    explanation: "A message on a WebSocket is none of the kinds that weft.json has, or lacks a member of its kind.",
    remedy: "Send publish with an event, or ack with a cursor.",
  },
  NOT_ACCEPTABLE: {
    status: 406,
    title: "Not acceptable",
    explanation: "The Accept header excludes the only media type that the resource has; `available` names it.",
    remedy: "Accept that media type, or leave the header out.",
  },
  EVENT_NOT_FOUND: {
    status: 404,
    title: "No such event",
    explanation: "No cluster that can be reached has an event of that source and id in its log.",
    remedy:
      "Check both, percent-encoded in the path; retention may have removed the event, or its cluster is not reachable.",
  },
  CLUSTER_UNKNOWN: {
    status: 404,
    title: "No such cluster",
    explanation: "No cluster of that name is known to this node.",
    remedy: "GET /v1/clusters lists those that are.",
  },
  CLUSTER_REACHABLE: {
    status: 409,
    title: "Cluster is reachable",
    explanation: "Only a cluster that is gone for good can be forgotten, and there is a path to this one.",
    remedy: "Stop its nodes first, and ask again once GET /v1/clusters says that it is not reachable.",
  },
  LINK_UNKNOWN: {
    status: 404,
    title: "No such link",
    explanation: "The two clusters of `cut` are not neighbours, as far as this node knows.",
    remedy: "Name two clusters with a link between them as a-b; GET /v1/clusters shows the paths.",
  },
  DEAD_LETTER_NOT_FOUND: {
    status: 404,
    title: "No such dead letter",
    explanation: "There is no dead letter of that id: it was redriven, purged, or never was.",
    remedy: "GET /v1/dead-letters lists them.",
  },
  DEAD_LETTER_ORPHANED: {
    status: 409,
    title: "Subscription of the dead letter is gone",
    explanation:
      "The dead letter belongs to a subscription that was deleted, so that there is nobody to give the event to.",
    remedy: "Create the subscription again under its id, or delete the dead letter.",
  },
  NOT_FOUND: {
    status: 404,
    title: "No such resource",
    explanation: "Nothing is served at that path.",
    remedy: "GET /openapi.json describes what is.",
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: "Method not allowed",
    explanation: "The path exists, but not with that method; `Allow` and `allow` list those that it has.",
    remedy: "Use one of them.",
  },

  // The state of the node.
  OVERLOADED: {
    status: 503,
    title: "Too many requests under way",
    explanation: "As many requests and streams are under way as limits.connections admits; `limit` is that number.",
    remedy: "Try again after Retry-After; reuse connections, or raise the limit.",
    retryAfterMs: 1000,
  },
  STORE_FULL: {
    status: 503,
    title: "No room for the event",
    explanation:
      "The event was not stored: `full` is cap (store.maxBytes is reached), disk (the disk is full) or queue (more waits to " +
      "be written than memory should hold).",
    remedy:
      "Try again after Retry-After. Make room: raise store.maxBytes, shorten retention, or drain what holds events.",
    retryAfterMs: 1000,
  },
  STORE_CLOSED: {
    status: 503,
    title: "Node is stopping",
    explanation: "The store was closed because the node stops; nothing was stored.",
    remedy: "Try again, or use another node.",
    retryAfterMs: 2000,
  },
  STORE_FAILED: {
    status: 503,
    title: "Store failed",
    explanation: "The store could not be read or written for a reason other than room; nothing was stored.",
    remedy: "Look into the log of the node, which has the reason; restart it if this lasts.",
    retryAfterMs: 5000,
  },
  INTERNAL: {
    status: 500,
    title: "Internal error",
    explanation: "The node failed to do what it should; the reason is in its log, not in the answer.",
    remedy: "Look into the log of the node and report what you find there.",
  },
} as const satisfies Record<string, ProblemCode>;
