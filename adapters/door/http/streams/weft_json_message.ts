/** Reads a client's message of `weft.json` without rebuilding the event in it. */

import { JsonScanner, RefusedError } from "../../../../node/mod.ts";

/** Members as they stand in the message; `ref` and `event` are JSON text, `kind` and `cursor` the strings themselves. */
export interface RawMessage {
  readonly kind: string;
  /** Given back in the answer, whatever it is. */
  readonly ref: string | undefined;
  readonly event: string | undefined;
  readonly cursor: string | undefined;
}

/** Characters of a `ref`: it is repeated in the answer, so it is a label and not a payload. */
const REF_MAX = 1024;

/** Throws `CodecError` (`MALFORMED_JSON`) or `RefusedError` (`INVALID_MESSAGE`). Other members are ignored. */
export function readMembers(message: string | Uint8Array): RawMessage {
  const scanner = new JsonScanner(message);
  if (scanner.peek() !== OPEN_BRACE) throw invalidMessage("it is no JSON object");
  const raw = new Map<string, string>();
  scanner.expect(OPEN_BRACE);
  if (!scanner.take(CLOSE_BRACE)) {
    do {
      const name = scanner.readString();
      scanner.expect(COLON);
      const start = scanner.skipValue();
      raw.set(name, scanner.text.slice(start, scanner.position));
    } while (scanner.take(COMMA));
    scanner.expect(CLOSE_BRACE);
  }
  scanner.expectEnd();
  return toMessage(raw);
}

export function invalidMessage(problem: string): RefusedError {
  return new RefusedError(
    "INVALID_MESSAGE",
    `Cannot use message: ${problem}; send {"kind":"publish","ref","event"} or {"kind":"ack","cursor"}`,
  );
}

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const COLON = 0x3a;
const COMMA = 0x2c;

function toMessage(raw: ReadonlyMap<string, string>): RawMessage {
  const ref = raw.get("ref");
  if (ref !== undefined && ref.length > REF_MAX) throw invalidMessage(`"ref" is longer than ${REF_MAX} characters`);
  const kind = toText(raw.get("kind"));
  if (kind === undefined) throw invalidMessage('"kind" is missing, or no string');
  return { kind, ref, event: raw.get("event"), cursor: toText(raw.get("cursor")) };
}

function toText(json: string | undefined): string | undefined {
  return json?.startsWith('"') ? JSON.parse(json) : undefined;
}
