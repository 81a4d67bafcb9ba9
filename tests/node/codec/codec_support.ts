/** What the codec's tests share: events of every shape, and the error an act throws. */

import fc from "fast-check";

import type { AttributeValue, CloudEvent, DataForm } from "../../../node/event.ts";
import { CodecError, createEvent } from "../../../node/codec/mod.ts";

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
export const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

/** The `CodecError` that `act` throws; fails the test if it throws nothing or something else. */
export function codecErrorOf(act: () => unknown): CodecError {
  let result: unknown;
  try {
    result = act();
  } catch (error) {
    if (error instanceof CodecError) return error;
    throw error;
  }
  throw new Error(`expected a CodecError, got ${JSON.stringify(result)}`);
}

/** An event as plain values that `toEqual` compares fully: data in base64, attributes with their types. */
export function plain(event: CloudEvent): unknown {
  return { attributes: { ...event.attributes }, data: event.data?.toBase64(), dataForm: event.dataForm };
}

/** A structured message with the required attributes and whatever members `members` holds, as raw JSON text. */
export function structuredText(members = ""): string {
  return `{"specversion":"1.0","id":"1","source":"/alice","type":"order.placed"${members === "" ? "" : `,${members}`}}`;
}

// deno-lint-ignore no-control-regex -- control characters are what attributes may not hold.
const forbidden = /[\u0000-\u001f\u007f-\u009f]|\p{Noncharacter_Code_Point}/u;

/** Any string that may be an attribute: spaces, quotes, percent signs, commas, every script. */
export const attributeStrings = fc.oneof(
  fc.string({ unit: "grapheme-ascii" }),
  fc.string({ unit: "binary" }).filter((text) => !forbidden.test(text)),
  fc.constantFrom('"quoted, twice"', "100%", "%41", "a, b", "€ \u{1F600}", "\\", '"', " "),
);
const requiredStrings = attributeStrings.filter((text) => text !== "");
const uris = fc.oneof(fc.webUrl(), fc.constantFrom("/shops/alice", "urn:x:1", "ü", "a%20b")).filter((text) =>
  text !== ""
);
const names = fc.stringMatching(/^[a-z0-9]{1,20}$/).filter((name) => name !== "data" && !coreNames.includes(name));
const coreNames = ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema"];

const values: fc.Arbitrary<AttributeValue> = fc.oneof(attributeStrings, fc.boolean(), fc.integer());

const contexts = fc.record({
  id: requiredStrings,
  source: uris,
  type: requiredStrings,
  subject: fc.option(requiredStrings, { nil: undefined }),
  time: fc.constantFrom(undefined, "2026-01-31T23:59:59.123456789+05:30", "2024-02-29t00:00:60z"),
  dataschema: fc.option(fc.webUrl(), { nil: undefined }),
});

interface Payload {
  readonly datacontenttype?: string;
  readonly data?: Uint8Array;
  readonly dataForm?: DataForm;
}

const jsonTypes = [undefined, "application/json", "Application/JSON; charset=utf-8", "application/vnd.acme+json"];
const otherTypes = ["text/plain", 'text/plain; charset="utf-8"; note="a, b"', "application/octet-stream", "image/png"];
const jsonTexts = fc.oneof(
  fc.json(),
  fc.constantFrom("12345678901234567890", '{"b":1,"a":1,"a":2}', "null", '"text"', "1.0e5", "[1 , 2]", '"\\ud800"'),
);

/** Data in every form, with media types that the form can have. */
const payloads: fc.Arbitrary<Payload> = fc.oneof(
  fc.record({ datacontenttype: fc.constantFrom(...jsonTypes, ...otherTypes) }),
  fc.record({
    datacontenttype: fc.constantFrom(...jsonTypes, ...otherTypes),
    data: fc.oneof(fc.uint8Array({ maxLength: 64 }), jsonTexts.map(bytesOf)),
    dataForm: fc.constant<DataForm>("binary"),
  }),
  fc.record({
    datacontenttype: fc.constantFrom(...jsonTypes),
    data: jsonTexts.map(bytesOf),
    dataForm: fc.constant<DataForm>("json"),
  }),
  fc.record({
    datacontenttype: fc.constantFrom(...otherTypes),
    data: fc.string({ unit: "binary" }).map(bytesOf),
    dataForm: fc.constant<DataForm>("text"),
  }),
);

/** Valid events of every shape. */
export const events: fc.Arbitrary<CloudEvent> = fc
  .tuple(contexts, payloads, fc.dictionary(names, values, { maxKeys: 6 }))
  .map(([context, { data, dataForm, datacontenttype }, extensions]) =>
    createEvent({ attributes: { ...context, datacontenttype, ...extensions }, data, dataForm })
  );
