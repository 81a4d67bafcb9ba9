/** 64 bits that stand for the bytes of a record, in two halves; sums of them tell in eight bytes whether two databases are equal. */

export interface RecordHash {
  /** Unsigned 32-bit integers. */
  readonly high: number;
  readonly low: number;
}

/** Two lanes of multiply, rotate and add over words of four bytes: the same on every runtime, no proof against an attacker. */
export function hashRecord(bytes: Uint8Array): RecordHash {
  let a = 0x2545f491;
  let b = 0x6c8e9cf5;
  const whole = bytes.length & ~3;
  for (let at = 0; at < whole; at += 4) {
    const word = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    a ^= Math.imul(word, 0xcc9e2d51);
    a = Math.imul((a << 13) | (a >>> 19), 5) + 0x6546b64 | 0;
    b = Math.imul(b ^ word, 0x5f356495);
    b = b ^ (b >>> 15);
  }
  for (let at = whole; at < bytes.length; at++) {
    a = Math.imul(a ^ bytes[at], 0x9e3779b1);
    b = Math.imul(b ^ bytes[at], 0x5f356495);
  }
  // The length tells bytes that end in zeros apart.
  a = finish(a ^ bytes.length);
  b = finish(b ^ Math.imul(bytes.length, 0x9e3779b1) ^ a);
  return { high: a >>> 0, low: b >>> 0 };
}

function finish(mixed: number): number {
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
