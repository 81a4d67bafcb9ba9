/** Names of clusters from bytes: the same few thousand again and again, so that the strings are kept. */

import { isOriginName } from "./mesh_record.ts";

export const ORIGIN_BYTES_MAX = 63;
/** Names that are kept, one per place: as many as a database has clusters at most. */
const PLACES = 4096;

const names: string[] = new Array(PLACES).fill("");

/** A cluster's name; `undefined` if the bytes are none. */
export function readOrigin(bytes: Uint8Array, at: number, length: number): string | undefined {
  if (length < 1 || length > ORIGIN_BYTES_MAX || at + length > bytes.length) return undefined;
  let hash = length;
  for (let i = at; i < at + length; i++) hash = Math.imul(hash ^ bytes[i], 0x9e3779b1);
  const place = (hash ^ (hash >>> 15)) & (PLACES - 1);
  if (isSpelt(names[place], bytes, at, length)) return names[place];
  const name = String.fromCharCode(...bytes.subarray(at, at + length));
  if (!isOriginName(name)) return undefined;
  names[place] = name;
  return name;
}

function isSpelt(name: string, bytes: Uint8Array, at: number, length: number): boolean {
  if (name.length !== length) return false;
  for (let i = 0; i < length; i++) if (name.charCodeAt(i) !== bytes[at + i]) return false;
  return true;
}
