/** Reads a topic or pattern into UTF-8 bytes and one hash per token; a reader is reused, so that reading allocates nothing. */

const DOT = 0x2e;
const STAR = 0x2a;
const REST = 0x3e;

/** Bytes of text that fit without growing, at 3 for each UTF-16 unit. */
const ROOM_AT_FIRST = 768;

const utf8 = new TextEncoder();

/** The last text read. All fields change with the next `read`. */
export class TokenReader {
  /** UTF-8 of the text in the first `length` places; what follows is stale. */
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(ROOM_AT_FIRST);
  length = 0;
  /** Number of tokens. */
  count = 0;
  /** Hash of the token at each position; equal tokens at different positions have different hashes. */
  hashes: Int32Array<ArrayBuffer> = new Int32Array(ROOM_AT_FIRST + 1);
  /** `sums[i]` is the sum of the first i hashes: what a shape takes its wildcards from. */
  sums: Int32Array<ArrayBuffer> = new Int32Array(ROOM_AT_FIRST + 2);

  readonly #seed: number;

  /** `seed`: any 32-bit integer; kept secret, it keeps others from crafting tokens of equal hash. */
  constructor(seed: number) {
    this.#seed = seed | 0;
  }

  read(text: string): void {
    if (text.length * 3 > this.bytes.length) this.#makeRoom(text.length * 3);
    const bytes = this.bytes;
    let hash = this.#seed;
    let position = 0;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code >= 0x80) return this.#readEncoded(text);
      bytes[i] = code;
      if (code === DOT) {
        this.#endToken(position++, hash);
        hash = this.#seed;
      } else {
        hash = hashOn(hash, code);
      }
    }
    this.#endToken(position, hash);
    this.length = text.length;
    this.count = position + 1;
  }

  /** Positions of `*` in the text read, ascending. */
  starPositions(): number[] {
    const positions: number[] = [];
    let position = 0;
    for (let i = 0; i < this.length; i++) {
      if (this.bytes[i] === STAR) positions.push(position);
      else if (this.bytes[i] === DOT) position++;
    }
    return positions;
  }

  /** Whether the text read ends in `>`. */
  endsInRest(): boolean {
    return this.length > 0 && this.bytes[this.length - 1] === REST;
  }

  #makeRoom(bytesMin: number): void {
    this.bytes = new Uint8Array(bytesMin * 2);
    // An invalid topic may be nothing but dots.
    this.hashes = new Int32Array(bytesMin * 2 + 1);
    this.sums = new Int32Array(bytesMin * 2 + 2);
  }

  /** What `read` does, for text beyond ASCII. */
  #readEncoded(text: string): void {
    this.length = utf8.encodeInto(text, this.bytes).written;
    let hash = this.#seed;
    let position = 0;
    for (let i = 0; i < this.length; i++) {
      if (this.bytes[i] === DOT) {
        this.#endToken(position++, hash);
        hash = this.#seed;
      } else {
        hash = hashOn(hash, this.bytes[i]);
      }
    }
    this.#endToken(position, hash);
    this.count = position + 1;
  }

  #endToken(position: number, hash: number): void {
    const mixed = mix(hash, position);
    this.hashes[position] = mixed;
    this.sums[position + 1] = (this.sums[position] + mixed) | 0;
  }
}

/** Takes one more byte into a hash. The rotation feeds high bits back, so that every step depends on the whole seed (plain FNV does not). */
function hashOn(hash: number, byte: number): number {
  return Math.imul(((hash << 13) | (hash >>> 19)) ^ byte, 0x01000193);
}

/** The finaliser of MurmurHash3, with the position mixed in: the sum of such hashes is as even as each of them. */
function mix(hash: number, position: number): number {
  let h = hash ^ Math.imul(position + 1, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
