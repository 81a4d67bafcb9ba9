/** Who of this cluster's subscribers would get an event, and what stops it: asked here, and over links. */

import * as v from "valibot";

import type { Audience, CloudEvent, WeftNode } from "../../node/mod.ts";
import { CodeSchema, NameSchema, ROWS_MAX, TextSchema } from "./ask.ts";

export interface ExplainedHere {
  readonly subscriptions: readonly { readonly id: string; readonly group: string | null }[];
  readonly stopped: readonly StoppedHere[];
  /** How many streams get it. A cluster of an older version does not say it. */
  readonly streams?: number;
  /** Whether anybody, streams included, gets it. */
  readonly wanted: boolean;
}

export interface StoppedHere {
  readonly subscription: string | null;
  /** A stable code. */
  readonly reason: string;
  readonly detail: string;
}

/** The answer of another cluster. */
export const ExplainedHereSchema = v.object({
  subscriptions: v.pipe(v.array(v.object({ id: NameSchema, group: v.nullable(NameSchema) })), v.maxLength(ROWS_MAX)),
  stopped: v.pipe(
    v.array(v.object({ subscription: v.nullable(NameSchema), reason: CodeSchema, detail: TextSchema })),
    v.maxLength(ROWS_MAX),
  ),
  streams: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  wanted: v.boolean(),
});

/** Characters of a reason: the whole answer is to fit into a message. */
const DETAIL_MAX = 300;

export async function explainHere(
  node: WeftNode,
  topic: string,
  event: CloudEvent,
  audience: Audience,
  /** Why neighbours wait with what they have for this cluster; `undefined`: they need not. */
  heldUp?: string,
): Promise<ExplainedHere> {
  const { destinations, stopped } = node.explain(topic, event, audience);
  const checks = (await node.failedChecks()).map(({ check, detail }) => ({
    subscription: null,
    reason: check === "store" ? "STORE_FULL" : "STOPPING",
    detail,
  }));
  const subscriptions = destinations.flatMap(({ subscriptions }) => subscriptions);
  return {
    subscriptions: subscriptions.slice(0, ROWS_MAX).map(({ id, group }) => ({ id, group })),
    stopped: [...checks, ...heldUp === undefined ? [] : [noRoom(heldUp)], ...stopped].slice(0, ROWS_MAX).map(
      ({ subscription, reason, detail }) => {
        return { subscription, reason, detail: detail.slice(0, DETAIL_MAX) };
      },
    ),
    streams: destinations.reduce((sum, { streams }) => sum + streams, 0),
    wanted: destinations.length > 0,
  };
}

function noRoom(detail: string): StoppedHere {
  return { subscription: null, reason: "NO_ROOM", detail };
}
