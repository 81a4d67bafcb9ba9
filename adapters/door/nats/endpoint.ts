/** What all connections of one NATS endpoint share. */

import type { Clock, WeftNode } from "../../../node/mod.ts";
import type { ProblemHooks } from "../http/problems.ts";
import type { Admissions } from "./admission.ts";
import type { EventListeners } from "./event_listeners.ts";
import type { EventMessages } from "./event_messages.ts";
import type { LiveBroker } from "./live_broker.ts";
import type { NatsCounts } from "./nats_counts.ts";
import type { PagePool } from "./page_pool.ts";
import type { RemoteReplies } from "./remote_replies.ts";
import type { ReplyAddresses } from "./reply_addresses.ts";
import type { Waker } from "./waker.ts";

export interface Endpoint {
  readonly node: WeftNode;
  readonly clock: Clock;
  readonly problems: ProblemHooks;
  readonly admissions: Admissions;
  readonly counts: NatsCounts;
  /** Replies and `$…` subjects of ordinary clients. */
  readonly clients: LiveBroker;
  /** What nodes say to each other; the own bus is on it. */
  readonly links: LiveBroker;
  readonly listeners: EventListeners;
  readonly messages: EventMessages;
  readonly replies: ReplyAddresses;
  readonly remoteReplies: RemoteReplies;
  readonly waker: Waker;
  readonly pages: PagePool;
  readonly newId: () => string;
  readonly payloadBytesMax: number;
  readonly headersBytesMax: number;
  readonly topicBytesMax: number;
  readonly pingEveryMs: number;
  /** A node could not prove that it belongs to the federation. */
  readonly onRefusedLink: (remoteAddress: string, reason: string) => void;
}
