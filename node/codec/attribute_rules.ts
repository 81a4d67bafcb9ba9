/** What CloudEvents 1.0 §2 and §3 demand of attribute names and values. */

import type { AttributeValue, EventAttributes } from "../event.ts";
import { CodecError, quote } from "./codec_error.ts";
import type { AttributeBag } from "./attribute_bag.ts";
import { isTimestamp } from "./timestamp.ts";

const requiredAttributes = ["specversion", "id", "source", "type"] as const;

/** Throws `INVALID_ATTRIBUTE` unless `name` may name an attribute: `[a-z0-9]+` and not `data`. */
export function checkAttributeName(name: string): void {
  if (isAttributeName(name)) return;
  throw new CodecError("INVALID_ATTRIBUTE", `Cannot read attribute ${quote(name)}: ${nameProblem(name)}`, {
    attribute: name,
  });
}

function isAttributeName(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (!((code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39))) return false;
  }
  return name.length > 0 && name !== "data";
}

function nameProblem(name: string): string {
  if (name === "data") return `"data" is the name of the payload; send it as the body, or choose another name`;
  const rule = "names are lower-case letters a-z and digits";
  const suggestion = name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  return suggestion === "" || suggestion === "data" ? rule : `${rule}; send it as ${quote(suggestion)}`;
}

/** Throws `INVALID_ATTRIBUTE` or `UNSUPPORTED_SPECVERSION` unless `value` may be the value of attribute `name`. */
export function checkAttributeValue(name: string, value: AttributeValue): void {
  const problem = typeof value === "string" ? textProblem(name, value) : scalarProblem(name, value);
  if (problem === undefined) return;
  const code = name === "specversion" && typeof value === "string" ? "UNSUPPORTED_SPECVERSION" : "INVALID_ATTRIBUTE";
  throw new CodecError(code, `Cannot read attribute "${name}" = ${quote(String(value))}: ${problem}`, {
    attribute: name,
  });
}

function textProblem(name: string, value: string): string | undefined {
  switch (name) {
    case "specversion":
      return value === "1.0" ? undefined : `this version of CloudEvents is not spoken here; send "1.0"`;
    case "source":
    case "dataschema":
      return value === "" ? emptyProblem : uriProblem(value);
    case "time":
      return isTimestamp(value) ? undefined : `not an RFC 3339 timestamp; send it like "2026-01-31T23:59:59.5Z"`;
    case "id":
    case "type":
    case "subject":
    case "datacontenttype":
      return value === "" ? emptyProblem : charactersProblem(value);
    default:
      return charactersProblem(value);
  }
}

const emptyProblem = "it must not be empty; give it a value or leave it out";

function scalarProblem(name: string, value: number | boolean): string | undefined {
  switch (name) {
    case "specversion":
    case "id":
    case "source":
    case "type":
    case "subject":
    case "time":
    case "datacontenttype":
    case "dataschema":
      return `it must be a string, not a ${typeof value}; put it in quotes`;
    default:
      return typeof value === "boolean" || value === (value | 0)
        ? undefined
        : "numbers are whole, from -2147483648 to 2147483647; send other numbers as a string";
  }
}

/** Lenient on URI syntax (senders differ), strict on what would break headers, logs and routes. */
function uriProblem(value: string): string | undefined {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code <= 0x20) return "a URI holds no spaces or control characters; percent-encode them";
    if (code > 0x7e) return charactersProblem(value);
  }
  return undefined;
}

function charactersProblem(value: string): string | undefined {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code < 0x20 || code > 0x7e) return unicodeProblem(value);
  }
  return undefined;
}

// CloudEvents 1.0.2 §2.4 "String": no control characters, no surrogate without its partner, no noncharacter.
// deno-lint-ignore no-control-regex -- control characters are what this looks for.
const controlPattern = /[\u0000-\u001f\u007f-\u009f]/;
const noncharacterPattern = /\p{Noncharacter_Code_Point}/u;

function unicodeProblem(value: string): string | undefined {
  if (controlPattern.test(value)) return "control characters are not allowed; remove them";
  if (!value.isWellFormed()) return "half of a surrogate pair stands alone; send valid Unicode";
  return noncharacterPattern.test(value) ? "Unicode noncharacters are not allowed; remove them" : undefined;
}

/** Throws `MISSING_ATTRIBUTE` unless the four required attributes are set; names all that are missing. */
export function checkRequired(attributes: AttributeBag): asserts attributes is EventAttributes & AttributeBag {
  if (
    attributes.specversion !== undefined && attributes.id !== undefined && attributes.source !== undefined &&
    attributes.type !== undefined
  ) return;
  const missing = requiredAttributes.filter((name) => attributes[name] === undefined);
  const names = missing.map((name) => `"${name}"`).join(", ");
  throw new CodecError(
    "MISSING_ATTRIBUTE",
    `Cannot read event: required attribute ${names} is missing; an event has "specversion", "id", "source" and "type"`,
    { attribute: missing[0] },
  );
}

/** The canonical string form of a value (CloudEvents 1.0.2 §2.4): how it stands in headers and in comparisons. */
export function attributeText(value: AttributeValue): string {
  return typeof value === "string" ? value : String(value);
}
