/** A record as a document of the node's store: format (1), remaining lifetime in ms (4, little-endian), sealed bytes. */

import { KINDS, LIFETIME_MS_MAX, type MeshRecord } from "./mesh_record.ts";
import { readHeader, readUint32, seal, toMeshRecord, toSealed } from "./sealed_record.ts";

const FORMAT = 1;
const HEAD_BYTES = 5;

/** Throws `RangeError` where a field is beyond its limit. */
export function encodeRecordDocument(record: MeshRecord): Uint8Array<ArrayBuffer> {
  const sealed = seal({ ...record, kind: KINDS.indexOf(record.kind) });
  const document = new Uint8Array(HEAD_BYTES + sealed.bytes.length);
  document[0] = FORMAT;
  const lifetimeMs = Math.min(Math.max(Math.floor(record.lifetimeMs), 0), LIFETIME_MS_MAX);
  new DataView(document.buffer).setUint32(1, lifetimeMs, true);
  document.set(sealed.bytes, HEAD_BYTES);
  return document;
}

/** The opposite of `encodeRecordDocument`. Throws `RangeError` for bytes that are no such document. */
export function decodeRecordDocument(document: Uint8Array): MeshRecord {
  const bytes = document.slice(HEAD_BYTES);
  const header = document[0] === FORMAT ? readHeader(bytes, 0, bytes.length) : undefined;
  const record = header && toMeshRecord(toSealed(header, bytes), readUint32(document, 1));
  if (record === undefined) {
    throw new RangeError(
      `Cannot decode record document of ${document.length} bytes: it is damaged or of another version`,
    );
  }
  return record;
}
