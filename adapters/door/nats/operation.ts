/** The operations of the NATS client protocol, told apart by the beginning of a line. */

export type OperationName = "pub" | "hpub" | "sub" | "unsub" | "ping" | "pong" | "connect" | "info" | "+ok" | "-err";

export interface Operation {
  readonly name: OperationName;
  /** Bytes of the name and of the white space that belongs to it. */
  readonly length: number;
}

/** By name in lower case. A space at the end: white space must follow. */
const OPERATIONS: readonly (Operation & { readonly text: string })[] = [
  ...["pub ", "hpub ", "sub ", "unsub ", "-err "],
  ...["ping", "pong", "connect", "info", "+ok"],
].map((text) => ({ text, name: text.trim() as OperationName, length: text.length }));

const [PUB, HPUB, SUB] = OPERATIONS;

/**
 * The operation that a line begins with, whatever its case; `undefined` when there is none. While the line is not
 * `complete`, any operation that it can still become.
 */
export function operationOf(bytes: Uint8Array, at: number, end: number, complete: boolean): Operation | undefined {
  if (complete) {
    // Nearly everything is one of these.
    if (fits(bytes, at, end, PUB.text)) return PUB;
    if (fits(bytes, at, end, HPUB.text)) return HPUB;
    if (fits(bytes, at, end, SUB.text)) return SUB;
  }
  for (const operation of OPERATIONS) {
    const { text } = operation;
    const compared = complete ? text : text.slice(0, end - at);
    if (fits(bytes, at, end, compared)) return operation;
  }
  return undefined;
}

function fits(bytes: Uint8Array, at: number, end: number, text: string): boolean {
  if (end - at < text.length) return false;
  for (let i = 0; i < text.length; i++) {
    const expected = text.charCodeAt(i);
    const byte = bytes[at + i];
    if (expected === SPACE ? byte !== SPACE && byte !== TAB : toLower(byte) !== expected) return false;
  }
  return true;
}

function toLower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}

const SPACE = 0x20;
const TAB = 0x09;
