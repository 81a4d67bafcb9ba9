/**
 * Reads frames, whatever the bytes are: never throws, and allocates in proportion to what is there. What passes holds
 * together: names are names, sequences ascend, records stay within their bounds.
 */

import { crc32 } from "node:zlib";

import { type Chain, nextChain } from "./chain.ts";
import { AT, type Frame, FRAME_LIMITS, FRAME_MAGIC, type FrameLimits } from "./frame.ts";
import { type FrameFault, type FrameSections, GroupsReader } from "./groups_reader.ts";
import { type Lane, LANES } from "./lanes.ts";

export type DecodedFrame =
  /** Records are views of the bytes, which the frame now owns. `chain`: of this frame and all before it. */
  | { readonly frame: Frame; readonly chain: Chain }
  | FrameFault;

export function decodeFrame(bytes: Uint8Array, limits: FrameLimits = FRAME_LIMITS): DecodedFrame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stranger = findStranger(view);
  if (stranger !== undefined) return stranger;
  const sections = readSections(view, limits);
  if ("problem" in sections) return sections;
  const sums = { head: view.getUint32(AT.headSum, true), body: view.getUint32(AT.bodySum, true) };
  const damaged = crc32(bytes.subarray(AT.bodySum, sections.recordsAt)) !== sums.head ||
    crc32(bytes.subarray(sections.recordsAt)) !== sums.body;
  if (damaged) return fault("CHECKSUM", "the bytes are not those that were sent: a checksum differs");
  const place = readPlace(view);
  if ("problem" in place) return place;
  const groups = new GroupsReader(bytes, view, limits).read(sections);
  if ("problem" in groups) return groups;
  return { frame: { ...place, groups: groups.groups }, chain: nextChain(place.previousChain, sums) };
}

function findStranger(view: DataView): FrameFault | undefined {
  const magic = view.byteLength < 4 ? 0 : view.getUint32(0, true);
  if ((magic & 0xffffff) !== (FRAME_MAGIC & 0xffffff)) return fault("NOT_A_FRAME", "the bytes do not begin as a frame");
  if (magic !== FRAME_MAGIC) {
    return fault("VERSION", `the frame has version ${magic >>> 24}; this node reads version ${FRAME_MAGIC >>> 24}`);
  }
  if (view.byteLength >= AT.end) return undefined;
  return fault("NOT_A_FRAME", `${view.byteLength} bytes are less than the head of a frame`);
}

function readSections(view: DataView, limits: FrameLimits): FrameSections | FrameFault {
  const held = view.getUint32(AT.heldMs, true);
  if (~held >>> 0 !== view.getUint32(AT.heldComplement, true)) {
    return fault("CHECKSUM", "how long the frame was held is not what was sent");
  }
  const tablesAt = view.getUint16(AT.fixedBytes, true);
  const headBytes = view.getUint32(AT.headBytes, true);
  const indexBytes = view.getUint32(AT.indexBytes, true);
  const recordsBytes = view.getUint32(AT.recordsBytes, true);
  const recordsAt = tablesAt + headBytes;
  const recordsEnd = recordsAt + recordsBytes;
  if (tablesAt < AT.end || indexBytes > headBytes || recordsEnd > view.byteLength) {
    return fault("NOT_A_FRAME", `the frame is cut off: its sections do not fit into ${view.byteLength} bytes`);
  }
  if (headBytes > limits.headBytes) {
    return fault("LIMIT", `the index has ${headBytes} bytes; at most ${limits.headBytes} are let in`);
  }
  return { tablesAt, indexAt: recordsAt - indexBytes, recordsAt, recordsEnd };
}

function readPlace(view: DataView): Omit<Frame, "groups"> | FrameFault {
  const linkEpoch = view.getFloat64(AT.linkEpoch, true);
  const sequence = view.getFloat64(AT.sequence, true);
  const lane = LANES[view.getUint8(AT.lane)] as Lane | undefined;
  if (!Number.isSafeInteger(linkEpoch) || linkEpoch < 0 || !Number.isSafeInteger(sequence) || sequence < 1) {
    return fault("MALFORMED", `link epoch ${linkEpoch} and sequence ${sequence} are no place of a frame`);
  }
  if (lane === undefined) return fault("MALFORMED", `lane ${view.getUint8(AT.lane)} is not known`);
  return {
    linkEpoch,
    sequence,
    lane,
    heldMs: view.getUint32(AT.heldMs, true),
    previousChain: { hi: view.getUint32(AT.chainHigh, true), lo: view.getUint32(AT.chainLow, true) },
  };
}

function fault(problem: FrameFault["problem"], detail: string): FrameFault {
  return { problem, detail };
}
