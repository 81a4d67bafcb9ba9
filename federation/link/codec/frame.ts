/**
 * A frame: the events that travel together over one lane of a link. Version 1, numbers little-endian:
 *
 * | at | content |
 * |---|---|
 * | 0 | magic `WFR` and the version, 1 |
 * | 4 | ms that the frame was held since it was sealed (u32), and at 8 its complement: patched in place, in no checksum |
 * | 12 | CRC-32 of everything from 16 to the records |
 * | 16 | CRC-32 of the records and what follows them |
 * | 20 | bytes before the tables (u16), 68: a later minor version has more, which this one skips |
 * | 22 | lane (u8), minor version (u8) |
 * | 24 | link epoch, sequence (float each) |
 * | 40 | chain of the frame before (low u32, high u32) |
 * | 48 | bytes of tables and index together, of the index, of the records (u32 each) |
 * | 60 | clusters and consumer groups that are named, groups, events (u16 each) |
 * | 68 | tables: names of the clusters, then of the consumer groups (length and UTF-8 each) |
 * | … | index: the groups, each with its length first: a later minor version says more at its end, which this one skips |
 * | … | records, one behind the other, then what a later minor version adds |
 *
 * A group, whole numbers as LEB128, names as their place in the tables: origin, epoch, how it ended (0: it did not),
 * detours, number of hops and hops, first sequence, number of destinations and for each its cluster, first sequence
 * − previous, 2 × number of consumer groups + ungrouped, and the consumer groups; then the number of events, flags, and three columns:
 * sequences (differences − 1; with bit 0 all are consecutive), ages (the least, then what each has more; with bit 1
 * all are equal), lengths of the records (with bit 2 one for all).
 *
 * CRC-32 as in zip, not CRC-32C: `node:zlib` has it in native code on both runtimes (140 kB in 3 µs); CRC-32C in
 * JavaScript would cost more than all the rest of the codec.
 */

import type { Chain } from "./chain.ts";
import type { Lane } from "./lanes.ts";

export interface Frame {
  /** Of the sender for this link; a larger one begins again at sequence 1. */
  readonly linkEpoch: number;
  /** 1, 2, 3 … for each lane. */
  readonly sequence: number;
  readonly lane: Lane;
  /** Ms since it was sealed: a frame that waited, or is sent again, has made its events older. */
  readonly heldMs: number;
  /** Of the frame before in this link epoch; `CHAIN_START` for the first. */
  readonly previousChain: Chain;
  readonly groups: readonly FrameGroup[];
}

/** What the events of a group share. */
export interface FrameGroupHead {
  readonly origin: string;
  readonly epoch: number;
  /** Clusters that it passed, the sender last; 1 to 32. */
  readonly hops: readonly string[];
  readonly detours: number;
  /** For whom the receiver takes custody; at least one, none twice. */
  readonly destinations: readonly FrameDestination[];
  /** A tombstone: its events ended on the way and have no record. */
  readonly ended?: EndReason;
}

export interface FrameGroup extends FrameGroupHead {
  /** Ascending sequences; at least one. Event i's `previous` for each destination is event i − 1's sequence. */
  readonly events: readonly FrameEvent[];
}

export interface FrameDestination {
  readonly cluster: string;
  /** Sequence of the origin's event before the group's first one for this destination; 0: none in this epoch. */
  readonly previous: number;
  /** It is for the readers there that are in no consumer group. */
  readonly ungrouped: boolean;
  /** Consumer groups for which that cluster was picked. */
  readonly groups: readonly string[];
}

export interface FrameEvent {
  readonly sequence: number;
  /** Ms spent in the mesh when the frame was sealed. */
  readonly ageMs: number;
  /** The event as `encodeRecord()` writes it; empty in a tombstone. */
  readonly record: Uint8Array;
}

export type EndReason = "expired" | "evicted" | "rejected";

/** What a receiver lets in. A frame is sealed at either of the first two; a group begun before then may go a little over. */
export interface FrameLimits {
  readonly events: number;
  /** Records of a frame, its last one not counted: a single larger event may end it. */
  readonly bytes: number;
  readonly eventBytes: number;
  /** Tables and index. Each byte of them may cost the receiver some 30 of memory while it works on the frame. */
  readonly headBytes: number;
}

export const FRAME_LIMITS: FrameLimits = {
  events: 512,
  bytes: 256 * 1024,
  eventBytes: 16 * 1024 * 1024,
  headBytes: 512 * 1024,
};

/** A fuse, as everywhere: no sane topology has a path this long. */
export const FRAME_HOPS_MAX = 32;

export const END_REASONS: readonly (EndReason | undefined)[] = [undefined, "expired", "evicted", "rejected"];

/** Offsets of the table above. */
export const AT = {
  heldMs: 4,
  heldComplement: 8,
  headSum: 12,
  bodySum: 16,
  fixedBytes: 20,
  lane: 22,
  minor: 23,
  linkEpoch: 24,
  sequence: 32,
  chainLow: 40,
  chainHigh: 44,
  headBytes: 48,
  indexBytes: 52,
  recordsBytes: 56,
  clusters: 60,
  groupNames: 62,
  groups: 64,
  events: 66,
  end: 68,
} as const;

/** "WFR", 1. */
export const FRAME_MAGIC = 0x01524657;

export const CONSECUTIVE = 1;
export const SAME_AGE = 2;
export const SAME_LENGTH = 4;

/** Tells how long a sealed frame was held, before it is sent (again); past 49 days it stays at that. */
export function patchHeldMs(frame: Uint8Array, heldMs: number): void {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const held = Math.min(0xffffffff, Math.max(0, Math.floor(heldMs)));
  view.setUint32(AT.heldMs, held, true);
  view.setUint32(AT.heldComplement, ~held >>> 0, true);
}
