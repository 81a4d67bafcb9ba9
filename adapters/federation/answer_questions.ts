/** Answers what other clusters ask about events and subscribers here. Questions of peers are checked before anything is done. */

import * as v from "valibot";

import type { Federation } from "../../federation/mod.ts";
import { CodecError, createEvent, InvalidTopicError, parseTopic, RefusedError, type WeftNode } from "../../node/mod.ts";
import { CountSchema, NameSchema, ROWS_MAX } from "./ask.ts";
import { explainHere } from "./explain_here.ts";
import { listOwnSubscriptions, SubscriptionsQuestionSchema } from "./mesh_subscriptions.ts";
import { findCopies, traceCopy } from "./trace_here.ts";

/** As a source or an id may be, with room to spare. */
const IdTextSchema = v.pipe(v.string(), v.minLength(1), v.maxLength(4096));
const IdSchema = v.object({ source: IdTextSchema, id: IdTextSchema });
const ATTRIBUTES_MAX = 200;

const ExplainSchema = v.object({
  topic: v.string(),
  attributes: v.pipe(
    v.record(v.string(), v.union([v.string(), v.number(), v.boolean()])),
    v.check((attributes) => Object.keys(attributes).length <= ATTRIBUTES_MAX),
  ),
  ungrouped: v.boolean(),
  groups: v.pipe(v.array(NameSchema), v.maxLength(ROWS_MAX)),
});

const FindSchema = v.object({ ...IdSchema.entries, recent: v.boolean() });
const TraceSchema = v.object({ ...IdSchema.entries, origin: NameSchema, epoch: CountSchema, sequence: CountSchema });

/** Questions that are worked on at a time: each may read the whole index of the log. */
const WORKING_MAX = 16;

export function answerQuestions(federation: Federation, node: WeftNode, onError: (error: unknown) => void): void {
  let working = 0;
  const answer = <T extends v.GenericSchema>(
    kind: string,
    schema: T,
    run: (question: v.InferOutput<T>) => Promise<unknown>,
  ): void =>
    federation.relay.handle(kind, (_, body, reply) => {
      const question = v.safeParse(schema, body);
      if (!question.success || working >= WORKING_MAX) return;
      working++;
      run(question.output).then(reply, (error) => isMistake(error) || onError(error)).finally(() => working--);
    });
  federation.relay.handle("ping", (_, __, reply) => reply({}));
  answer("explain", ExplainSchema, async ({ topic, attributes, ungrouped, groups }) => {
    const event = createEvent({ attributes: { id: "explain", source: "/", ...attributes } });
    return await explainHere(node, parseTopic(topic), event, { ungrouped, groups }, federation.intake.heldUp);
  });
  answer("find", FindSchema, async ({ recent, ...id }) => ({ copies: await findCopies(node, id, { recent }) }));
  answer("trace", TraceSchema, async ({ source, id, ...copy }) => {
    return await traceCopy({ node, federation }, { source, id }, copy);
  });
  answer("subscriptions", SubscriptionsQuestionSchema, async ({ after }) => await listOwnSubscriptions(node, after));
}

/** The question is at fault, not this node: it gets no answer. */
function isMistake(error: unknown): boolean {
  return error instanceof CodecError || error instanceof RefusedError || error instanceof InvalidTopicError;
}
