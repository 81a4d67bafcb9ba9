/** Bytes as hexadecimal digits, as HELLO carries hashes. */

/** The two digits of each byte. */
const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function bytesToHex(bytes: Uint8Array): string {
  let hex = "";
  for (let i = 0; i < bytes.length; i++) hex += DIGITS[bytes[i]];
  return hex;
}

/** Eight digits of an unsigned 32-bit number. */
export function wordToHex(word: number): string {
  return DIGITS[word >>> 24] + DIGITS[(word >>> 16) & 255] + DIGITS[(word >>> 8) & 255] + DIGITS[word & 255];
}

/** Of digits in pairs. */
export function hexToBytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}
