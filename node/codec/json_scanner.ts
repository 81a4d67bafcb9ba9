/** Reads JSON text (RFC 8259) without building values, so that what is carried on keeps its bytes. */

import { CodecError } from "./codec_error.ts";

// Deeper data would overflow the stack of some consumer; parsers of the field stop between 64 (.NET) and 1000 (Jackson).
export const nestingMax = 512;

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true });

/** A cursor on JSON text that checks the grammar as it goes. Every error is a `CodecError` `MALFORMED_JSON`. */
export class JsonScanner {
  readonly text: string;
  position = 0;
  /** The input, if its byte offsets are the text's character offsets. */
  readonly #bytes: Uint8Array | undefined;

  constructor(input: Uint8Array | string) {
    this.text = typeof input === "string" ? checkWellFormed(input) : decodeUtf8(input);
    this.#bytes = typeof input !== "string" && input.length === this.text.length ? input : undefined;
  }

  /** The bytes of the text from `start` to `end`; a view of the input where the text is ASCII. */
  bytesBetween(start: number, end: number): Uint8Array {
    return this.#bytes?.subarray(start, end) ?? encoder.encode(this.text.slice(start, end));
  }

  /** Moves to the next character that is not white space and returns its code; NaN at the end. */
  peek(): number {
    let code = this.text.charCodeAt(this.position);
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) {
      code = this.text.charCodeAt(++this.position);
    }
    return code;
  }

  /** Moves past `character` if it is the next one. */
  take(character: number): boolean {
    if (this.peek() !== character) return false;
    this.position++;
    return true;
  }

  expect(character: number): void {
    if (!this.take(character)) throw this.malformed(`expected ${JSON.stringify(String.fromCharCode(character))}`);
  }

  /** Only white space may be left. */
  expectEnd(): void {
    this.peek();
    if (this.position < this.text.length) throw this.malformed("expected the end of the text");
  }

  /** Reads a string and returns what it says. */
  readString(): string {
    if (this.peek() !== 0x22) throw this.malformed("expected a string");
    const start = this.position;
    return this.#skipString()
      ? JSON.parse(this.text.slice(start, this.position))
      : this.text.slice(start + 1, this.position - 1);
  }

  /** Moves past one value of any kind and returns where it begins; `position` is then its end. */
  skipValue(): number {
    this.peek();
    const start = this.position;
    this.#skipValue(0);
    return start;
  }

  malformed(problem: string): CodecError {
    const { position, text } = this;
    const found = position < text.length
      ? JSON.stringify(String.fromCodePoint(text.codePointAt(position)!))
      : "the end";
    const detail = `Cannot read JSON at character ${position}: ${problem}, found ${found}; send valid JSON`;
    return new CodecError("MALFORMED_JSON", detail, { position });
  }

  #skipValue(depth: number): void {
    switch (this.peek()) {
      case 0x22:
        this.#skipString();
        break;
      case 0x7b:
        this.#skipObject(depth + 1);
        break;
      case 0x5b:
        this.#skipArray(depth + 1);
        break;
      case 0x74:
        return this.#skipLiteral("true");
      case 0x66:
        return this.#skipLiteral("false");
      case 0x6e:
        return this.#skipLiteral("null");
      default:
        this.#skipNumber();
    }
  }

  #skipObject(depth: number): void {
    this.#enter(depth);
    if (this.take(0x7d)) return;
    do {
      if (this.peek() !== 0x22) throw this.malformed("expected the name of a member");
      this.#skipString();
      this.expect(0x3a);
      this.#skipValue(depth);
    } while (this.take(0x2c));
    this.expect(0x7d);
  }

  #skipArray(depth: number): void {
    this.#enter(depth);
    if (this.take(0x5d)) return;
    do this.#skipValue(depth); while (this.take(0x2c));
    this.expect(0x5d);
  }

  #enter(depth: number): void {
    if (depth > nestingMax) throw this.malformed(`no more than ${nestingMax} levels are read`);
    this.position++;
  }

  /** Moves past a string; returns whether it has escapes. */
  #skipString(): boolean {
    const { text } = this;
    let escaped = false;
    let position = this.position + 1;
    for (;; position++) {
      const code = text.charCodeAt(position);
      if (code === 0x22) break;
      if (code === 0x5c) {
        escaped = true;
        position = this.#skipEscape(position);
      } else if (!(code >= 0x20)) {
        // Also reached at the end of the text, where the code is NaN.
        this.position = position;
        throw this.malformed("a string is not closed or holds a raw control character");
      }
    }
    this.position = position + 1;
    return escaped;
  }

  /** From a backslash to the last character of its escape. */
  #skipEscape(backslash: number): number {
    const escape = this.text[backslash + 1];
    if (escape === "u" && isHex4(this.text, backslash + 2)) return backslash + 5;
    if (escape !== undefined && '"\\/bfnrt'.includes(escape)) return backslash + 1;
    this.position = backslash;
    throw this.malformed("a string holds an unknown escape");
  }

  #skipLiteral(literal: string): void {
    if (!this.text.startsWith(literal, this.position)) throw this.malformed("expected a value");
    this.position += literal.length;
  }

  #skipNumber(): void {
    if (this.text.charCodeAt(this.position) === 0x2d) this.position++;
    if (this.text.charCodeAt(this.position) === 0x30) this.position++;
    else this.#skipDigits();
    if (this.text.charCodeAt(this.position) === 0x2e) {
      this.position++;
      this.#skipDigits();
    }
    if ((this.text.charCodeAt(this.position) | 0x20) !== 0x65) return;
    const sign = this.text.charCodeAt(++this.position);
    if (sign === 0x2b || sign === 0x2d) this.position++;
    this.#skipDigits();
  }

  #skipDigits(): void {
    const start = this.position;
    while (isDigit(this.text.charCodeAt(this.position))) this.position++;
    if (this.position === start) throw this.malformed("expected a value");
  }
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isHex4(text: string, from: number): boolean {
  for (let i = from; i < from + 4; i++) {
    const code = text.charCodeAt(i);
    const letter = code | 0x20;
    if (!isDigit(code) && !(letter >= 0x61 && letter <= 0x66)) return false;
  }
  return true;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    throw new CodecError(
      "MALFORMED_JSON",
      "Cannot read JSON: its bytes are not UTF-8; send JSON in UTF-8 (RFC 8259 §8.1)",
    );
  }
}

function checkWellFormed(text: string): string {
  if (text.isWellFormed()) return text;
  throw new CodecError("MALFORMED_JSON", "Cannot read JSON: half of a surrogate pair stands alone; send valid Unicode");
}
