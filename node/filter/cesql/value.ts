/** The three types of CESQL and the casts between them (CESQL 1.0 §3.1, §3.7). */

/** A String, an Integer (−2³¹ … 2³¹−1) or a Boolean. */
export type CesqlValue = string | number | boolean;

export type CesqlType = "string" | "integer" | "boolean";

/** Attributes of an event by lower-case name. A number beyond 32 bits counts as its decimal String (CESQL 1.0 §3.2). */
export type CesqlAttributes = Readonly<Record<string, CesqlValue>>;

export const INTEGER_MIN = -2_147_483_648;
export const INTEGER_MAX = 2_147_483_647;

/** The value that stands in where an expression of that type failed. */
export const ZERO_VALUES = { string: "", integer: 0, boolean: false } as const satisfies Record<CesqlType, CesqlValue>;

export function typeOf(value: CesqlValue): CesqlType {
  return typeof value === "number" ? "integer" : typeof value as "string" | "boolean";
}

/** The attribute as CESQL sees it; `undefined` if the event has none of that name. */
export function readAttribute(attributes: CesqlAttributes, name: string): CesqlValue | undefined {
  const value: unknown = attributes[name];
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return (value | 0) === value ? value | 0 : String(value);
  return undefined; // also what a plain object inherits under an attribute's name, such as `constructor`
}

/** Any value has a String form. */
export function toText(value: CesqlValue): string {
  return typeof value === "string" ? value : String(value);
}

/** The Integer, or `undefined` if a String is not one or is out of range. */
export function toInteger(value: CesqlValue): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  return parseInteger(value);
}

/** The Boolean, or `undefined` if a String is neither `true` nor `false` in any case. */
export function toBoolean(value: CesqlValue): boolean | undefined {
  if (typeof value === "boolean") return value;
  if (typeof value === "number") return value !== 0;
  if (value.length === 4) return value.toLowerCase() === "true" ? true : undefined;
  if (value.length === 5) return value.toLowerCase() === "false" ? false : undefined;
  return undefined;
}

/** The value as that type, or `undefined` if it cannot be cast. */
export function cast(value: CesqlValue, type: CesqlType): CesqlValue | undefined {
  switch (type) {
    case "string":
      return toText(value);
    case "integer":
      return toInteger(value);
    case "boolean":
      return toBoolean(value);
    default:
      return type satisfies never;
  }
}

/** A 32-bit decimal Integer with an optional sign; by hand, so that nothing is allocated. */
function parseInteger(text: string): number | undefined {
  const first = text.charCodeAt(0);
  const start = first === 0x2b || first === 0x2d ? 1 : 0; // + or -
  if (text.length === start) return undefined;
  let magnitude = 0;
  for (let index = start; index < text.length; index++) {
    const digit = text.charCodeAt(index) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return undefined;
    magnitude = magnitude * 10 + digit;
    if (magnitude > -INTEGER_MIN) return undefined;
  }
  const value = first === 0x2d ? 0 - magnitude : magnitude;
  return value > INTEGER_MAX ? undefined : value;
}
