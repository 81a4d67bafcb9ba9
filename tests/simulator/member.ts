/** What the simulator starts in each virtual process, and what it asks of it. */

import type { ArrivalOrder, CloudEvent, NeededEvents } from "../../node/mod.ts";
import type {
  CustodyLog,
  DialBus,
  LinkBus,
  LinkSetting,
  LocalCluster,
  SealedRecord,
  TagCost,
  World,
} from "../../federation/mod.ts";

export interface MemberParts {
  readonly world: World;
  readonly federation: string;
  readonly cluster: string;
  readonly node: string;
  /** Random id of the process. */
  readonly instance: string;
  readonly log: CustodyLog;
  readonly local: LocalCluster;
  /** The node as a client of its own endpoint. */
  readonly endpoint: LinkBus;
  readonly dial: DialBus;
  /** What becomes of events that are too much for a park. */
  readonly overflow: "evict-oldest" | "block";
  /** Topics whose events are not in custody on their way. */
  readonly bestEffort?: string;
  /** URLs to dial, as configuration names them. */
  readonly join: readonly string[];
  /** Of those, with tags. */
  readonly links: readonly LinkSetting[];
  readonly tagCosts: readonly TagCost[];
  /** The record that other members of the run hold already, if it is the same. */
  readonly share: (sealed: SealedRecord) => SealedRecord;
  /** An ordered subscriber begins, with what the member says of how events came. */
  readonly readInOrder: (order: ArrivalOrder) => void;
  /** Something that an operator would see. */
  readonly onNotice: (code: string, detail: string) => void;
}

/** Where an event would go. */
export interface MemberDestination {
  readonly cluster: string;
  /** To the readers there that are in no group. */
  readonly ungrouped: boolean;
  /** Groups for which that cluster was picked. */
  readonly groups: readonly string[];
}

/** The origin's books about one destination. */
export interface LedgerLine {
  readonly destination: string;
  readonly accepted: number;
  readonly delivered: number;
  readonly expired: number;
  readonly rejected: number;
  readonly evicted: number;
  readonly outstanding: number;
  /** Ended by the origin itself, and not confirmed yet; counted as ended. */
  readonly presumed?: number;
}

/** What is true of a member right now. */
export interface MemberState {
  /** Neighbours whose link is up. */
  readonly links: readonly string[];
  /** (event, destination) pairs that wait, for a link or for a path. */
  readonly queued: number;
  readonly parked: number;
  /** Own events that have no destinations yet. */
  readonly undispatched: number;
  /** Of the replicated records. */
  readonly root: string;
  /** By class, and destination. */
  readonly routes: readonly ReadonlyMap<string, { readonly nextHop: string; readonly cost: number }>[];
  /** Things that happened, by name: rewinds, detours, reroutes. */
  readonly counts: Readonly<Record<string, number>>;
}

/** What a member has written down of events, as an origin and as a destination. */
export interface MemberBooks {
  readonly ledger: readonly LedgerLine[];
  /** Intervals kept for each (origin, epoch), at most. */
  readonly intervalsMax: number;
}

export interface Member {
  /** Where an event would go if it were dispatched now. */
  destinations(topic: string, event: () => CloudEvent): readonly MemberDestination[];
  /** What it still needs of the log. */
  needed(): readonly NeededEvents[];
  state(): MemberState;
  books(): MemberBooks;
  /** Leaves as planned, writes everything down, then calls `done`. */
  leave(done: () => void): void;
}

export type CreateMember = (parts: MemberParts) => Member;
