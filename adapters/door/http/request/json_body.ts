/** The body of a request as JSON, checked against a schema. */

import * as v from "valibot";

import { JsonScanner, RefusedError } from "../../../../node/mod.ts";
import type { DoorContext } from "../door_context.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * The JSON value in the body; an empty body is `whenEmpty`, if there is one. Throws `CodecError` (`MALFORMED_JSON`, with the
 * position), or what `context.readBody` throws.
 */
export async function readJson(context: DoorContext, request: Request, whenEmpty?: unknown): Promise<unknown> {
  const body = await context.readBody(request);
  if (body.length === 0 && whenEmpty !== undefined) return whenEmpty;
  try {
    return JSON.parse(decoder.decode(body));
  } catch (error) {
    findFault(body);
    throw error;
  }
}

/** The same as what `schema` makes of it. Throws `RefusedError` (`INVALID_REQUEST`) that names the member at fault as well. */
export async function readBodyAs<S extends v.GenericSchema>(
  schema: S,
  context: DoorContext,
  request: Request,
  whenEmpty?: unknown,
): Promise<v.InferOutput<S>> {
  const result = v.safeParse(schema, await readJson(context, request, whenEmpty));
  if (result.success) return result.output;
  throw refusal(result.issues[0]);
}

/** `JSON.parse` tells the position on one runtime and not on the other; this does on both. */
function findFault(body: Uint8Array): void {
  const scanner = new JsonScanner(body);
  scanner.skipValue();
  scanner.expectEnd();
}

function refusal(issue: v.BaseIssue<unknown>): RefusedError {
  const path = issue.path?.map((item) => String(item.key)).join(".") ?? "";
  const where = path === "" ? "the body" : `"${path}"`;
  const unknown = issue.type === "strict_object" && issue.expected === "never";
  const problem = unknown ? "there is no such member; leave it out" : issue.message;
  return new RefusedError("INVALID_REQUEST", `Cannot use request: ${where}: ${problem}`, { path });
}
