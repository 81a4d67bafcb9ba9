/**
 * Requests that subscribers of other clusters answer. The event itself travels as every event does; beside it goes a note,
 * faster than the event since nothing stores it, that a reply is wanted, and the reply comes back the same way. Best
 * effort: what is lost on the way is a reply that never came.
 */

import { Buffer } from "node:buffer";

import * as v from "valibot";

import type { Clock, CloudEvent } from "../../../node/mod.ts";
import { formatHeaderBlock } from "./header_block.ts";
import type { LiveBroker, LiveClient, LiveMessage } from "./live_broker.ts";
import type { ReplyAddresses } from "./reply_addresses.ts";

/** What the endpoint asks of the mesh. */
export interface Mesh {
  /** Clusters to which an event of that topic goes now. */
  destinationsOf(topic: string, event: CloudEvent): readonly string[];
  /** A small message to a cluster, which may be lost; false when there is no way. */
  send(cluster: string, kind: string, body: unknown): boolean;
  handle(kind: string, handler: (from: string, body: unknown) => void): void;
}

export interface RemoteRepliesParts {
  readonly clock: Pick<Clock, "now">;
  /** Where local subscribers publish their replies. */
  readonly broker: LiveBroker;
  readonly replies: ReplyAddresses;
  readonly newId: () => string;
}

export type Reply = Pick<LiveMessage, "headers" | "payload">;

interface Request {
  readonly onReply: (reply: Reply) => void;
  /** Nobody else may answer. */
  readonly asked: readonly string[];
  readonly until: number;
}

/** Contract: replies travel for 30 s. */
const REPLY_MS = 30_000;
/** Requests without a reply. Past this the oldest waits in vain. */
const REQUESTS_MAX = 10_000;
/** Headers and payload of a reply: a message between clusters holds 512 KiB, these in base64. */
const REPLY_BYTES_MAX = 384_000;

const TokenSchema = v.pipe(v.string(), v.regex(/^[A-Za-z0-9-]{1,64}$/));
const IdSchema = v.pipe(v.string(), v.minLength(1), v.maxLength(4096));
const NoteSchema = v.object({ source: IdSchema, id: IdSchema, token: TokenSchema });
const BytesSchema = v.pipe(v.string(), v.base64());
const ReplySchema = v.object({
  token: TokenSchema,
  headers: v.optional(BytesSchema),
  payload: v.union([BytesSchema, v.literal("")]),
});

/** A cluster's name is one token of a subject. */
const CLUSTER = /^[a-z0-9][a-z0-9-]{0,62}$/;
const EMPTY = new Uint8Array(0);

export class RemoteReplies implements LiveClient {
  readonly echo = false;
  readonly #parts: RemoteRepliesParts;
  readonly #run: string;
  readonly #inbox: string;
  /** By token, in the order in which they end. */
  readonly #requests = new Map<string, Request>();
  #mesh: Mesh | undefined;
  #made = 0;

  constructor(parts: RemoteRepliesParts) {
    this.#parts = parts;
    this.#run = parts.newId();
    this.#inbox = `_INBOX.${parts.newId()}`;
  }

  join(mesh: Mesh): void {
    this.#mesh = mesh;
    mesh.handle("request", (from, body) => this.#noted(from, body));
    mesh.handle("reply", (from, body) => this.#replied(from, body));
    this.#parts.broker.add({
      client: this,
      subject: `${this.#inbox}.*.*`,
      queue: undefined,
      deliver: (message) => this.#sendBack(message),
    });
  }

  /**
   * Tells the clusters to which an event goes that a reply is wanted; to be called before it is accepted, so that the note
   * is there first. `onReply` is called at most once. False when the event goes to no cluster that can be reached.
   */
  ask(topic: string, event: CloudEvent, onReply: (reply: Reply) => void): boolean {
    const mesh = this.#mesh;
    if (mesh === undefined) return false;
    const { source, id } = event.attributes;
    const token = `${this.#run}-${(this.#made++).toString(36)}`;
    const asked = mesh.destinationsOf(topic, event).filter((cluster) => {
      return mesh.send(cluster, "request", { source, id, token });
    });
    if (asked.length > 0) this.#remember(token, { onReply, asked, until: this.#parts.clock.now() + REPLY_MS });
    return asked.length > 0;
  }

  #remember(token: string, request: Request): void {
    const now = this.#parts.clock.now();
    for (const [old, { until }] of this.#requests) {
      if (until > now && this.#requests.size < REQUESTS_MAX) break;
      this.#requests.delete(old);
    }
    this.#requests.set(token, request);
  }

  /** An event of another cluster is on its way here, and its publisher waits for a reply. */
  #noted(from: string, body: unknown): void {
    const note = v.safeParse(NoteSchema, body);
    if (!note.success || !CLUSTER.test(from)) return;
    const { source, id, token } = note.output;
    const reply = `${this.#inbox}.${from}.${token}`;
    this.#parts.replies.note({ origin: from, source, id }, { reply, silentTo: undefined });
  }

  #sendBack({ subject, headers = EMPTY, payload }: LiveMessage): void {
    const [cluster, token] = subject.slice(this.#inbox.length + 1).split(".");
    const bytes = headers.length + payload.length;
    const sent = bytes > REPLY_BYTES_MAX ? { headers: tooLarge(bytes), payload: EMPTY } : { headers, payload };
    this.#mesh?.send(cluster, "reply", {
      token,
      headers: sent.headers.length === 0 ? undefined : Buffer.from(sent.headers).toString("base64"),
      payload: Buffer.from(sent.payload).toString("base64"),
    });
  }

  #replied(from: string, body: unknown): void {
    const reply = v.safeParse(ReplySchema, body);
    if (!reply.success) return;
    const { token, headers, payload } = reply.output;
    const request = this.#requests.get(token);
    if (request === undefined || !request.asked.includes(from)) return;
    this.#requests.delete(token); // the first wins
    if (request.until <= this.#parts.clock.now()) return;
    request.onReply({
      headers: headers === undefined ? undefined : Buffer.from(headers, "base64"),
      payload: Buffer.from(payload, "base64"),
    });
  }
}

/** In place of a reply that does not fit: the requester learns why it gets none (ADR-32: errors of services). */
function tooLarge(bytes: number): Uint8Array {
  const error =
    `Cannot carry the reply: it has ${bytes} bytes, more than the ${REPLY_BYTES_MAX} that go from cluster to ` +
    "cluster; publish it as an event";
  return formatHeaderBlock([["Nats-Service-Error", error], ["Nats-Service-Error-Code", "413"]]);
}
