/** MEET: how a node says that it is there to whoever shares a bus with it. JSON; members that are not known are let by. */

import * as v from "valibot";

import { parseJson } from "./parse_json.ts";
import type { Reason } from "./reasons.ts";
import { NameSchema, WholeSchema } from "./schemas.ts";

/** Who a process is. */
export const IDENTITY = {
  federation: NameSchema,
  cluster: NameSchema,
  node: NameSchema,
  /** Of the store at this boot; the counter is its upper part (design, "Epoch"). */
  epoch: WholeSchema,
  /** Random for each process. One token of a subject. */
  instance: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,64}$/)),
  /** Lowest and highest version of the link protocol that it speaks. */
  versions: v.pipe(
    v.tuple([WholeSchema, WholeSchema]),
    v.check(([lowest, highest]) => lowest >= 1 && lowest <= highest),
  ),
};

const MeetSchema = v.object({
  ...IDENTITY,
  /** Where others may dial it. */
  url: v.optional(v.pipe(v.string(), v.maxLength(512), v.regex(/^[a-z]+:\/\/[^\s]+$/))),
});

export type Meet = Readonly<v.InferOutput<typeof MeetSchema>>;

const BYTES_MAX = 4096;
const encoder = new TextEncoder();

export function encodeMeet({ federation, cluster, node, epoch, instance, versions, url }: Meet): Uint8Array {
  return encoder.encode(JSON.stringify({ federation, cluster, node, epoch, instance, versions, url }));
}

/** Never throws, whatever the bytes are. */
export function decodeMeet(
  bytes: Uint8Array,
): { readonly meet: Meet } | { readonly problem: Reason["code"]; readonly detail: string } {
  const parsed = parseJson(MeetSchema, bytes, BYTES_MAX);
  if ("fault" in parsed) return { problem: "MEET_UNREADABLE", detail: `a MEET cannot be read: ${parsed.fault}` };
  return { meet: parsed.value };
}
