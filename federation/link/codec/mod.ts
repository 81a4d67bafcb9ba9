/**
 * The bytes of a link: frames of events, and the messages by which neighbours know each other. Bytes in, values out;
 * what a peer sends may be anything, and decoding it never throws.
 *
 * @module
 */

export { ByteReader } from "./byte_reader.ts";
export { ByteWriter } from "./byte_writer.ts";
export { type Chain, CHAIN_START, chainEquals, chainFromHex, chainToHex } from "./chain.ts";
export { type DecodedFrame, decodeFrame } from "./decode_frame.ts";
export {
  type EndReason,
  type Frame,
  FRAME_HOPS_MAX,
  FRAME_LIMITS,
  type FrameDestination,
  type FrameEvent,
  type FrameGroup,
  type FrameGroupHead,
  type FrameLimits,
  patchHeldMs,
} from "./frame.ts";
export { type FramePlace, FrameWriter, type WrittenFrame } from "./frame_writer.ts";
export { type FrameFault, type FrameProblem } from "./groups_reader.ts";
export {
  type Beat,
  type Congested,
  type DecodedHello,
  decodeHello,
  type EncodedHello,
  encodeHello,
  type Hello,
} from "./hello.ts";
export { judgeHello } from "./judge_hello.ts";
export { BEST_EFFORT, type Lane, laneIndex, LANES } from "./lanes.ts";
export { decodeMeet, encodeMeet, type Meet } from "./meet.ts";
export { isName } from "./names.ts";
export { parseJson } from "./parse_json.ts";
export { type Reason, type ReasonCode, REASONS } from "./reasons.ts";
