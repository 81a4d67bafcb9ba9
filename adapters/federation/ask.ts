/** Questions to other clusters, as promises; what comes back is checked, since a peer may say anything. */

import * as v from "valibot";

import type { Federation } from "../../federation/mod.ts";

/** Longer than that nobody waits for an answer that is for people. */
const ASK_MS = 1000;

/** `undefined`: no answer came in time, or one that is none. */
export function ask<T extends v.GenericSchema>(
  federation: Federation,
  to: string,
  { kind, body, answer }: { readonly kind: string; readonly body: unknown; readonly answer: T },
): Promise<v.InferOutput<T> | undefined> {
  return new Promise((resolve) =>
    federation.relay.ask(to, kind, body, ASK_MS, (reply) => {
      const parsed = v.safeParse(answer, reply);
      resolve(parsed.success ? parsed.output : undefined);
    })
  );
}

/** Text of a peer: cut, not refused, where it is long. */
export const TextSchema = v.pipe(v.string(), v.transform((text) => text.slice(0, TEXT_MAX)));
export const CodeSchema = v.pipe(v.string(), v.regex(/^[A-Z][A-Z0-9_]{0,63}$/));
export const NameSchema = v.pipe(v.string(), v.minLength(1), v.maxLength(255));
export const CountSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const TimeSchema = v.nullable(v.pipe(v.number(), v.minValue(0), v.maxValue(8.64e15)));

/** Rows of an answer at most: those who ask and those who answer cut there. */
export const ROWS_MAX = 400;
const TEXT_MAX = 500;
