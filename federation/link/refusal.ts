/** What a process is told that may not join: a code and a sentence that its operator can act on. */

export interface Refusal {
  readonly code: string;
  readonly detail: string;
  /** Who refused. */
  readonly federation: string;
  readonly cluster: string;
  readonly node: string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const BYTES_MAX = 4096;

export function encodeRefusal({ code, detail, federation, cluster, node }: Refusal): Uint8Array {
  return encoder.encode(JSON.stringify({ code, detail, federation, cluster, node }));
}

/** `undefined` for what is none. */
export function decodeRefusal(bytes: Uint8Array): Refusal | undefined {
  if (bytes.length > BYTES_MAX) return undefined;
  try {
    const json = JSON.parse(decoder.decode(bytes));
    const members = [json.code, json.detail, json.federation, json.cluster, json.node];
    return members.every((member) => typeof member === "string") ? json : undefined;
  } catch {
    return undefined;
  }
}
