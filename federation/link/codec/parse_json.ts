/** JSON from a peer: bounded, checked, and never an exception. */

import * as v from "valibot";

const decoder = new TextDecoder("utf-8", { fatal: true });

/** `fault` says what is wrong, for people, and repeats nothing of what the peer sent but the names of members. */
export function parseJson<Schema extends v.GenericSchema>(
  schema: Schema,
  bytes: Uint8Array,
  bytesMax: number,
): { readonly value: v.InferOutput<Schema> } | { readonly fault: string } {
  if (bytes.length > bytesMax) return { fault: `it has ${bytes.length} bytes, more than ${bytesMax}` };
  let json: unknown;
  try {
    json = JSON.parse(decoder.decode(bytes));
  } catch {
    return { fault: "it is no JSON" };
  }
  const result = v.safeParse(schema, json, { abortEarly: true });
  if (result.success) return { value: result.output };
  const path = v.getDotPath(result.issues[0]);
  return { fault: path === null ? "it is no JSON object" : `its member "${path}" is missing or not as it must be` };
}
