/** Topics and patterns: what a routing key may look like, where it comes from, and which patterns fit it. */

import type { CloudEvent } from "./event.ts";

/** Bytes (UTF-8) of a topic or pattern unless the caller says otherwise: room for any sensible name, and for a NATS subject. */
export const TOPIC_BYTES_MAX = 255;

/** The text is no topic; the message says where and what to do. */
export class InvalidTopicError extends Error {
  override readonly name = "InvalidTopicError";

  /** `token`: the first token at fault, counted from 1; `undefined` when the whole text is. */
  constructor(readonly topic: string, readonly token: number | undefined, problem: string) {
    super(`Cannot use topic ${quote(topic)}: ${problem}`);
  }
}

/** The text is no pattern; the message says where and what to do. */
export class InvalidPatternError extends Error {
  override readonly name = "InvalidPatternError";

  /** `token`: the first token at fault, counted from 1; `undefined` when the whole text is. */
  constructor(readonly pattern: string, readonly token: number | undefined, problem: string) {
    super(`Cannot use pattern ${quote(pattern)}: ${problem}`);
  }
}

/**
 * Checks a topic: tokens joined by dots, none empty, without wildcards, whitespace and control characters.
 * Returns the same text. Throws `InvalidTopicError`.
 */
export function parseTopic(text: string, options: { bytesMax?: number } = {}): string {
  const fault = findFault(text, options.bytesMax ?? TOPIC_BYTES_MAX, topicTokenFault);
  if (fault !== undefined) throw new InvalidTopicError(text, fault.token, fault.problem);
  return text;
}

/**
 * Checks a pattern: a topic in which a whole token may be `*` (any one token) and the last may be `>` (one token or more).
 * Returns the same text. Throws `InvalidPatternError`.
 */
export function parsePattern(text: string, options: { bytesMax?: number } = {}): string {
  const fault = findFault(text, options.bytesMax ?? TOPIC_BYTES_MAX, patternTokenFault);
  if (fault !== undefined) throw new InvalidPatternError(text, fault.token, fault.problem);
  return text;
}

/**
 * The topic of an event that names none: its type, with what a token cannot hold percent-encoded (as UTF-8, upper-case
 * hexadecimal) and an empty token written `%`. Never refuses, and different types give different topics. The result may
 * be longer than `TOPIC_BYTES_MAX`: cutting it would make two types one.
 */
export function topicFromType(type: string): string {
  if (!NEEDS_ENCODING.test(type)) return type;
  return type.split(".").map((token) => token === "" ? "%" : token.replace(UNFIT_CHARACTERS, percentEncode)).join(".");
}

/**
 * The routing key of an event: its extension attribute `topic` if present, else `topicFromType(type)`.
 * Throws `InvalidTopicError` when the explicit topic is not valid.
 */
export function routingKey(event: CloudEvent, options: { bytesMax?: number } = {}): string {
  const topic = event.attributes.topic;
  // An Integer or Boolean arrives as text through a door with headers: the key must not depend on the door.
  return topic === undefined ? topicFromType(event.attributes.type) : parseTopic(String(topic), options);
}

/** Whether a valid pattern fits a valid topic. For one check; for many patterns use `Matcher`. */
export function patternMatches(pattern: string, topic: string): boolean {
  let at = 0;
  for (let i = 0; i < pattern.length; i++) {
    if (at >= topic.length) return false;
    const code = pattern.charCodeAt(i);
    if (code === STAR) {
      const end = topic.indexOf(".", at);
      at = end < 0 ? topic.length : end;
    } else if (code === REST) {
      return true;
    } else if (code !== topic.charCodeAt(at++)) {
      return false;
    }
  }
  return at === topic.length;
}

/** Whether some topic fits both patterns. */
export function patternsOverlap(a: string, b: string): boolean {
  const left = a.split(".");
  const right = b.split(".");
  for (let i = 0; i < left.length && i < right.length; i++) {
    if (left[i] === ">" || right[i] === ">") return true;
    if (left[i] !== right[i] && left[i] !== "*" && right[i] !== "*") return false;
  }
  return left.length === right.length;
}

/** Whether every topic that fits `narrow` also fits `wide`. */
export function patternCovers(wide: string, narrow: string): boolean {
  const outer = wide.split(".");
  const inner = narrow.split(".");
  for (let i = 0; i < outer.length && i < inner.length; i++) {
    if (outer[i] === ">") return true;
    if (inner[i] === ">") return false;
    if (outer[i] !== "*" && outer[i] !== inner[i]) return false;
  }
  return outer.length === inner.length;
}

interface Fault {
  readonly token: number | undefined;
  readonly problem: string;
}

const STAR = 0x2a;
const REST = 0x3e;

// Whitespace, controls and unpaired surrogates (these have no UTF-8, hence no place in a NATS subject).
const UNPRINTABLE = /[\s\p{Cc}\p{Cs}]/u;
// What a token cannot hold; `%` is among them so that the encoding can be undone.
const UNFIT_CHARACTERS = /[\s\p{Cc}\p{Cs}*>%]/gu;
const NEEDS_ENCODING = /[\s\p{Cc}\p{Cs}*>%]|^\.|\.\.|\.$|^$/u;

const utf8 = new TextEncoder();

function findFault(
  text: string,
  bytesMax: number,
  tokenFault: (token: string, isLast: boolean) => string | undefined,
): Fault | undefined {
  if (text === "") return { token: undefined, problem: "it is empty; name at least one token, such as order.placed" };
  // A character is at most 3 bytes per UTF-16 unit, so most texts need no encoding to be measured.
  if (text.length * 3 > bytesMax) {
    const bytes = utf8.encode(text).length;
    if (bytes > bytesMax) {
      return { token: undefined, problem: `it has ${bytes} bytes, more than ${bytesMax}; shorten it` };
    }
  }
  const tokens = text.split(".");
  for (const [i, token] of tokens.entries()) {
    const problem = token === ""
      ? "is empty; put text between the dots and none at the ends"
      : tokenFault(token, i === tokens.length - 1) ?? unprintableFault(token);
    if (problem !== undefined) return { token: i + 1, problem: `token ${i + 1} ${problem}` };
  }
  return undefined;
}

function topicTokenFault(token: string): string | undefined {
  if (!/[*>]/.test(token)) return undefined;
  return "has a wildcard; use * and > in subscriptions only, or write them %2A and %3E";
}

function patternTokenFault(token: string, isLast: boolean): string | undefined {
  if (token === "*") return undefined;
  if (token === ">") return isLast ? undefined : "is > but not the last; use * for one token, or end the pattern there";
  if (!/[*>]/.test(token)) return undefined;
  return "mixes a wildcard with text; * and > stand for whole tokens";
}

function unprintableFault(token: string): string | undefined {
  const found = UNPRINTABLE.exec(token)?.[0].codePointAt(0);
  if (found === undefined) return undefined;
  const name = `U+${found.toString(16).toUpperCase().padStart(4, "0")}`;
  return `has ${name}, a space, control character or unpaired surrogate; percent-encode or drop it`;
}

function percentEncode(character: string): string {
  const code = character.charCodeAt(0);
  // An unpaired surrogate gets the three bytes that UTF-8 would give it if it were allowed: no other text has them.
  const bytes = code >= 0xd800 && code <= 0xdfff
    ? [0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)]
    : [...utf8.encode(character)];
  return bytes.map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}

/** The text for a message: on one line, and not longer than a person reads. */
function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
