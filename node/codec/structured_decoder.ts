/** Structured content mode, reading: one JSON document holds the event (CloudEvents JSON format 1.0.2). */

import type { AttributeValue, CloudEvent } from "../event.ts";
import { type AttributeBag, createAttributeBag } from "./attribute_bag.ts";
import { checkAttributeName, checkAttributeValue, checkRequired } from "./attribute_rules.ts";
import { decodeBase64 } from "./base64.ts";
import { CodecError, quote } from "./codec_error.ts";
import { JsonScanner } from "./json_scanner.ts";
import { isJsonMediaType } from "./media_type.ts";

/**
 * The event in a structured-mode message. `data` keeps the bytes it had in the text (big integers, order of members,
 * white space inside); attributes keep their strings. May return views of `input`: nobody may write to it afterwards.
 * Throws `CodecError`.
 */
export function decodeStructured(input: Uint8Array | string): CloudEvent {
  const scanner = new JsonScanner(input);
  const event = readEvent(scanner);
  scanner.expectEnd();
  return event;
}

/** What was found of an event before its media type, which may come last, says what the data means. */
interface Members {
  readonly attributes: AttributeBag;
  /** Attributes that were null: unset, but named. */
  readonly unset: string[];
  /** Where the raw JSON of `data` is; -1: not there. */
  dataStart: number;
  dataEnd: number;
  base64: string | undefined;
}

/** Reads the object that begins at the scanner's position. */
export function readEvent(scanner: JsonScanner): CloudEvent {
  if (scanner.peek() !== 0x7b) throw notAnObject(scanner);
  scanner.expect(0x7b);
  const members: Members = {
    attributes: createAttributeBag(),
    unset: [],
    dataStart: -1,
    dataEnd: -1,
    base64: undefined,
  };
  if (!scanner.take(0x7d)) {
    do readMember(scanner, members); while (scanner.take(0x2c));
    scanner.expect(0x7d);
  }
  checkRequired(members.attributes);
  return toEvent(scanner, members);
}

function notAnObject(scanner: JsonScanner): CodecError {
  const { position } = scanner;
  scanner.skipValue();
  const detail = "Cannot read event: a structured event is a JSON object; send one, or a batch with its own media type";
  return new CodecError("INVALID_EVENT", detail, { position });
}

function readMember(scanner: JsonScanner, members: Members): void {
  const name = scanner.readString();
  scanner.expect(0x3a);
  if (name === "data") readData(scanner, members);
  else if (name === "data_base64") readBase64(scanner, members);
  else readAttribute(scanner, members, name);
}

function readData(scanner: JsonScanner, members: Members): void {
  if (members.dataStart >= 0) throw repeatedMember("data", scanner);
  members.dataStart = scanner.skipValue();
  members.dataEnd = scanner.position;
}

function readBase64(scanner: JsonScanner, members: Members): void {
  if (members.base64 !== undefined || members.unset.includes("data_base64")) {
    throw repeatedMember("data_base64", scanner);
  }
  const code = scanner.peek();
  if (code === 0x22) members.base64 = scanner.readString();
  else if (code === 0x6e) unset(scanner, members, "data_base64");
  else throw invalidData("data_base64", "it is not a string; send the bytes as base64", scanner.position);
}

function readAttribute(scanner: JsonScanner, members: Members, name: string): void {
  checkAttributeName(name);
  const { attributes } = members;
  if (attributes[name] !== undefined || members.unset.includes(name)) throw repeatedMember(name, scanner);
  if (scanner.peek() === 0x6e) return unset(scanner, members, name);
  const value = readAttributeValue(scanner, name);
  checkAttributeValue(name, value);
  attributes[name] = value;
}

function unset(scanner: JsonScanner, members: Members, name: string): void {
  scanner.skipValue();
  members.unset.push(name);
}

function readAttributeValue(scanner: JsonScanner, name: string): AttributeValue {
  const code = scanner.peek();
  if (code === 0x22) return scanner.readString();
  const start = scanner.skipValue();
  const raw = scanner.text.slice(start, scanner.position);
  if (code === 0x74 || code === 0x66) return raw === "true";
  if (/^-?\d{1,10}$/.test(raw)) return Number(raw) + 0;
  const problem = code === 0x7b || code === 0x5b
    ? 'attributes are strings, whole numbers or Booleans; put objects and arrays into "data", or send them as a string'
    : "numbers are whole, from -2147483648 to 2147483647; send other numbers as a string";
  throw new CodecError("INVALID_ATTRIBUTE", `Cannot read attribute "${name}" = ${quote(raw)}: ${problem}`, {
    attribute: name,
    position: start,
  });
}

function repeatedMember(name: string, scanner: JsonScanner): CodecError {
  const detail = `Cannot read event: member ${quote(name)} is there more than once; send it once`;
  return new CodecError("INVALID_EVENT", detail, { attribute: name, position: scanner.position });
}

function toEvent(scanner: JsonScanner, members: Members): CloudEvent {
  const { attributes, dataStart, dataEnd, base64 } = members;
  if (base64 !== undefined) {
    if (dataStart >= 0) throw invalidData("data_base64", `"data" is there too; send one of the two`, dataStart);
    return toBinaryEvent(members, base64);
  }
  if (dataStart < 0) return { attributes, data: undefined, dataForm: undefined } as CloudEvent;
  const mediaType = attributes.datacontenttype as string | undefined;
  const isText = scanner.text.charCodeAt(dataStart) === 0x22 && mediaType !== undefined && !isJsonMediaType(mediaType);
  return isText
    ? toTextEvent(scanner, members)
    : { attributes, data: scanner.bytesBetween(dataStart, dataEnd), dataForm: "json" } as CloudEvent;
}

function toBinaryEvent(members: Members, base64: string): CloudEvent {
  const data = decodeBase64(base64);
  if (data !== undefined) return { attributes: members.attributes, data, dataForm: "binary" } as CloudEvent;
  throw invalidData("data_base64", "it is not base64; send RFC 4648 §4 with padding and without line breaks");
}

/** A string of a type other than JSON stands for its characters (JSON format §3.1.1). */
function toTextEvent(scanner: JsonScanner, members: Members): CloudEvent {
  const { attributes, dataStart, dataEnd } = members;
  const literal = scanner.text.slice(dataStart, dataEnd);
  if (!literal.includes("\\")) {
    return { attributes, data: scanner.bytesBetween(dataStart + 1, dataEnd - 1), dataForm: "text" } as CloudEvent;
  }
  const text: string = JSON.parse(literal);
  if (!text.isWellFormed()) {
    throw invalidData("data", "half of a surrogate pair stands alone; send valid Unicode, or data_base64", dataStart);
  }
  return { attributes, data: new TextEncoder().encode(text), dataForm: "text" } as CloudEvent;
}

function invalidData(member: string, problem: string, position?: number): CodecError {
  return new CodecError("INVALID_DATA", `Cannot read member "${member}": ${problem}`, { position });
}
