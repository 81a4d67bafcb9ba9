/** NKeys of NATS: Ed25519 keys in base32, with a byte for the kind and a CRC-16. */

import { Buffer } from "node:buffer";
import { createPublicKey, verify } from "node:crypto";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/** Kind of a user's public key: its text then begins with U. */
const USER_KIND = 20 << 3;
const KEY_BYTES = 32;
/** RFC 8410 §4: SubjectPublicKeyInfo of an Ed25519 key, all but the key. */
const SPKI_START = Buffer.from("302a300506032b6570032100", "hex");

/** The 32 bytes of a user's public key; `undefined` when the text is none. */
export function parseUserKey(text: string): Uint8Array | undefined {
  const bytes = decodeBase32(text);
  if (bytes === undefined || bytes.length !== 1 + KEY_BYTES + 2 || bytes[0] !== USER_KIND) return undefined;
  const body = bytes.subarray(0, 1 + KEY_BYTES);
  const sum = bytes[1 + KEY_BYTES] | bytes[2 + KEY_BYTES] << 8;
  return crc16(body) === sum ? body.subarray(1) : undefined;
}

/** Whether the holder of `key` signed `text`. `signature`: base64, of either alphabet. */
export function isSignedBy(key: Uint8Array, text: string, signature: string): boolean {
  const bytes = Buffer.from(signature, "base64url");
  if (bytes.length !== 64) return false;
  const publicKey = createPublicKey({ key: Buffer.concat([SPKI_START, key]), format: "der", type: "spki" });
  return verify(null, Buffer.from(text), publicKey, bytes);
}

function decodeBase32(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.floor(text.length * 5 / 8));
  let [value, bits, length] = [0, 0, 0];
  for (const character of text) {
    const digit = ALPHABET.indexOf(character);
    if (digit < 0) return undefined;
    value = value << 5 | digit;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[length++] = value >> bits;
    value &= (1 << bits) - 1;
  }
  return bytes;
}

/** CRC-16/XMODEM. */
function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1 ^ 0x1021) & 0xffff : crc << 1 & 0xffff;
  }
  return crc;
}
