/** The kinds of values that a configuration is made of, and how each is written by people. */

import * as v from "valibot";

/** How a value is read from an environment variable or a flag, which know nothing but text. */
export type ValueKind = "text" | "integer" | "boolean" | "bytes" | "duration" | "texts" | "json";

const byteUnits: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** `10GiB`, `1.5 MB`, `4096` → bytes; `undefined` when the text is no size. */
export function parseByteSize(text: string): number | undefined {
  const [, number, unit = "B"] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)?\s*$/i.exec(text) ?? [];
  return scale(number, byteUnits[unit.toUpperCase()]);
}

/** `7d`, `250ms`, `10min`, `1000` → milliseconds; `undefined` when the text is no duration. */
export function parseDuration(text: string): number | undefined {
  const [, number, unit = "ms"] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)?\s*$/i.exec(text) ?? [];
  return scale(number, durationUnits[unit.toLowerCase()]);
}

function scale(number: string | undefined, factor: number | undefined): number | undefined {
  if (number === undefined || factor === undefined) return undefined;
  const value = Math.round(Number(number) * factor);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** A port to listen on; 0 lets the system choose. */
export function port() {
  return integer(0, 65_535);
}

export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER) {
  const message = `must be a whole number from ${min} to ${max}`;
  return v.pipe(
    v.number(message),
    v.integer(message),
    v.minValue(min, message),
    v.maxValue(max, message),
    kind("integer"),
  );
}

export function text() {
  return v.pipe(v.string("must be text"), v.minLength(1, "must not be empty"), kind("text"));
}

/** A text that must not be shown: `weft config show` masks it. */
export function secret() {
  return v.pipe(
    v.string("must be text"),
    v.minLength(1, "must not be empty"),
    v.metadata({ kind: "text", secret: true }),
  );
}

/** Name of a node, a cluster or a federation: it becomes a token of subjects and a part of registry ids. */
export function name() {
  const message = "must be 1 to 63 lower-case letters, digits and hyphens, and begin with a letter or digit";
  return v.pipe(v.string(message), v.regex(/^[a-z0-9][a-z0-9-]{0,62}$/, message), kind("text"));
}

export function choice<const Options extends readonly string[]>(options: Options) {
  return v.pipe(v.picklist(options, `must be one of: ${options.join(", ")}`), kind("text"));
}

export function flag() {
  return v.pipe(v.boolean("must be true or false"), kind("boolean"));
}

export function texts() {
  return v.pipe(
    v.array(v.pipe(v.string("must be text"), v.minLength(1, "must not be empty")), "must be a list"),
    kind("texts"),
  );
}

const LINK_ADDRESS = /^(?:nats|tls):\/\/[^\s/]+/;
const LINK_ADDRESS_MESSAGE =
  "must be nats://host:port or tls://host:port, with the port for NATS, not the one for HTTP";

/** Where a node or a nats-server can be dialled. */
export function linkAddress() {
  return v.pipe(v.string("must be text"), v.regex(LINK_ADDRESS, LINK_ADDRESS_MESSAGE), kind("text"));
}

export function linkAddresses() {
  return v.pipe(
    v.array(v.pipe(v.string("must be text"), v.regex(LINK_ADDRESS, LINK_ADDRESS_MESSAGE)), "must be a list"),
    kind("texts"),
  );
}

/** A list of objects; from the environment it is written as JSON. */
export function list<const Item extends v.GenericSchema>(item: Item) {
  return v.pipe(v.array(item, "must be a list"), kind("json"));
}

/** A size in bytes: a number, or text with a unit (`KiB` is 1024, `kB` is 1000). */
export function bytes(min = 1) {
  const message = `must be a size of at least ${min} bytes, such as 10GiB`;
  return v.pipe(
    v.union([v.number(message), v.string(message)], message),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const value = typeof dataset.value === "number" ? dataset.value : parseByteSize(dataset.value);
      if (value !== undefined && Number.isSafeInteger(value) && value >= min) return value;
      addIssue({ message });
      return NEVER;
    }),
    kind("bytes"),
  );
}

/** A duration: a number of milliseconds, or text with a unit: `ms`, `s`, `min` or `m`, `h`, `d`, `w`. */
export function duration(min = 0) {
  const message = `must be a duration of at least ${min} ms, such as 30s or 7d`;
  return v.pipe(
    v.union([v.number(message), v.string(message)], message),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const value = typeof dataset.value === "number" ? dataset.value : parseDuration(dataset.value);
      if (value !== undefined && Number.isSafeInteger(value) && value >= min) return value;
      addIssue({ message });
      return NEVER;
    }),
    kind("duration"),
  );
}

function kind<Input>(kind: ValueKind) {
  return v.metadata<Input, { kind: ValueKind }>({ kind });
}
