/** What `weft pub` is about to publish: a CloudEvent in structured mode, its data spliced in as it was given. */

import { Buffer } from "node:buffer";

import { UsageError } from "./exit_codes.ts";

/** Source of what the command publishes, unless it is told another. */
export const SOURCE_DEFAULT = "/clients/cli";

export interface EventDraft {
  readonly topic: string;
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** Further attributes; they win over the ones above. */
  readonly attributes: Readonly<Record<string, string>>;
  /** `undefined`: the event has no data. */
  readonly data: Uint8Array | undefined;
  /** Default: JSON if it is, else text if it is UTF-8, else bytes. */
  readonly contentType: string | undefined;
}

/** The event as JSON. JSON data stays as it was written: parsing it would round big numbers. */
export function toStructuredText(draft: EventDraft): string {
  const { id, source, type, attributes, data } = draft;
  const head = { specversion: "1.0", id, source, type, time: new Date().toISOString(), ...attributes };
  if (data === undefined) return JSON.stringify(head);
  const { contentType, member, json } = describeData(data, draft.contentType);
  const text = JSON.stringify({ ...head, datacontenttype: contentType });
  return `${text.slice(0, -1)},"${member}":${json}}`;
}

/** `name=value` pairs. Throws `UsageError`. */
export function parseAttributes(pairs: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(pairs.map((pair) => {
    const [, name, value] = /^([a-z0-9]+)=(.*)$/s.exec(pair) ?? [];
    if (name === undefined) {
      throw new UsageError(`Cannot use --attr "${pair}": it is NAME=VALUE, with a name of a-z and 0-9`, "pub");
    }
    return [name, value];
  }));
}

/** `Name: value` pairs. Throws `UsageError`. */
export function parseHeaders(pairs: readonly string[], command: string): Readonly<Record<string, string>> {
  return Object.fromEntries(pairs.map((pair) => {
    const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+)\s*:\s*(.*)$/s.exec(pair) ?? [];
    if (name === undefined) throw new UsageError(`Cannot use --header "${pair}": it is NAME: VALUE`, command);
    return [name, value];
  }));
}

interface DescribedData {
  readonly contentType: string;
  readonly member: "data" | "data_base64";
  /** The member's value, as JSON. */
  readonly json: string;
}

function describeData(data: Uint8Array, contentType: string | undefined): DescribedData {
  const text = toText(data);
  if (text === undefined) return toBase64Member(data, contentType ?? "application/octet-stream");
  const isJson = contentType === undefined || /[/+]json\s*(;|$)/i.test(contentType);
  if (isJson && isJsonText(text)) return { contentType: contentType ?? "application/json", member: "data", json: text };
  // Text under a JSON type, but no JSON: the bytes as they are, and whoever reads them finds out.
  if (isJson && contentType !== undefined) return toBase64Member(data, contentType);
  return { contentType: contentType ?? "text/plain; charset=utf-8", member: "data", json: JSON.stringify(text) };
}

function toBase64Member(data: Uint8Array, contentType: string): DescribedData {
  return { contentType, member: "data_base64", json: `"${Buffer.from(data).toString("base64")}"` };
}

function toText(data: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return undefined;
  }
}

function isJsonText(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
