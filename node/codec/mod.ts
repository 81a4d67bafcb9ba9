/**
 * The CloudEvents 1.0 codec: bytes and headers to events and back, losing nothing. Used by every door and sink.
 *
 * @module
 */

export { attributeText, checkAttributeName, checkAttributeValue } from "./attribute_rules.ts";
export { decodeBatch, type DecodeBatchOptions, encodeBatch } from "./batch_mode.ts";
export {
  type BinaryMessage,
  decodeBinary,
  encodeBinary,
  type EncodeBinaryOptions,
  type HeaderEntries,
} from "./binary_mode.ts";
export { CodecError, type CodecErrorCode, type CodecErrorPlace } from "./codec_error.ts";
export {
  acceptedMediaTypes,
  batchMediaType,
  type ContentMode,
  detectMode,
  structuredMediaType,
} from "./content_mode.ts";
export { createEvent, type EventParts } from "./create_event.ts";
export { type HeaderBinding, httpBinding, natsBinding } from "./header_value.ts";
export { isJsonMediaType, type MediaType, parseMediaType } from "./media_type.ts";
export { JsonScanner } from "./json_scanner.ts";
export { decodeStructured } from "./structured_decoder.ts";
export { encodeStructured } from "./structured_encoder.ts";
export { isTimestamp } from "./timestamp.ts";
