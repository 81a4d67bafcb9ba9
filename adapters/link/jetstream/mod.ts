/**
 * Links over JetStream: streams that take a peer's frames and acknowledge them themselves, and reading them in order.
 *
 * @module
 */

export { FrameReader, type ReadFramesOptions } from "./frame_reader.ts";
export { JetStreamError } from "./jet_stream_api.ts";
export { openReceiveStream, ReceiveStream, type ReceiveStreamOptions } from "./receive_stream.ts";
