/**
 * What every cluster knows of every other: topology and interest as records with one writer each, flooded, compared,
 * aged and merged alike everywhere.
 *
 * @module
 */

export {
  type InstalledRecord,
  type MeshRecord,
  type RecordKey,
  recordKeyText,
  type RecordKind,
} from "./mesh_record.ts";
export { type RecordsNotice } from "./notices.ts";
export { RecordDatabase } from "./record_database.ts";
export { decodeRecordDocument, encodeRecordDocument } from "./record_document.ts";
export { DEFAULT_RECORDS_OPTIONS, type RecordsOptions } from "./records_options.ts";
export { type RecordsCounts, type RecordsParts } from "./records_parts.ts";
export { type SealedRecord } from "./sealed_record.ts";
