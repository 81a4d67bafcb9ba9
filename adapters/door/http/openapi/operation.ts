/** How an operation of the HTTP API is written down here, and what OpenAPI 3.1 makes of it. */

import type { RequiredScope } from "../auth/mod.ts";
import { ref, type Schema } from "./schema.ts";

export interface Parameter {
  readonly name: string;
  readonly in: "query" | "path" | "header";
  readonly description: string;
  /** Default: a string. */
  readonly schema?: Schema;
  readonly required?: boolean;
}

export interface Content {
  readonly description: string;
  /** Schema by media type; none: there is no body. */
  readonly content?: Readonly<Record<string, Schema>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Operation {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** With `{name}` for parameters. */
  readonly path: string;
  /** Stable: generated clients name their functions after it. */
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly scope: RequiredScope;
  readonly parameters?: readonly Parameter[];
  readonly body?: Content & { readonly required: boolean };
  readonly answers: Readonly<Record<number, Content>>;
}

/** A JSON body of that schema. */
export function json(schema: Schema, description: string): Content {
  return { description, content: { "application/json": schema } };
}

/** The Operation Object of OpenAPI 3.1 §4.8.10; every operation may be answered with a problem as well. */
export function toOperationObject(operation: Operation): Record<string, unknown> {
  const { id, tag, summary, description, scope, parameters = [], body, answers } = operation;
  const responses: Record<string, unknown> = {};
  for (const [status, answer] of Object.entries(answers)) responses[status] = toResponseObject(answer);
  responses.default = { $ref: "#/components/responses/Problem" };
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: [description, describeScope(scope)].filter((text) => text !== undefined).join("\n\n"),
    parameters: parameters.map(toParameterObject),
    ...(body === undefined ? {} : { requestBody: { ...toResponseObject(body), required: body.required } }),
    responses,
    security: scope === "open" ? [] : [{ bearer: [] }, {}],
  };
}

function toParameterObject({ name, in: place, description, schema = { type: "string" }, required }: Parameter) {
  return { name, in: place, description, required: required ?? place === "path", schema };
}

function toResponseObject({ description, content, headers }: Content): Record<string, unknown> {
  const named = Object.entries(headers ?? {});
  return {
    description,
    ...(content === undefined ? {} : {
      content: Object.fromEntries(Object.entries(content).map(([mediaType, schema]) => [mediaType, { schema }])),
    }),
    ...(named.length === 0 ? {} : {
      headers: Object.fromEntries(named.map(([name, text]) => [name, { description: text, schema: ref("Text") }])),
    }),
  };
}

function describeScope(scope: RequiredScope): string | undefined {
  switch (scope) {
    case "open":
      return undefined;
    case "openOnLoopback":
      return "Open where the door listens on loopback alone, else for every principal.";
    case "authenticated":
      return "For every principal.";
    case "publish":
      return "Needs scope `publish` for the topic of each event.";
    case "subscribe":
    case "browse":
      return "Needs scope `subscribe` for the pattern of topics.";
    case "admin":
      return "Needs scope `admin`.";
    default:
      return scope satisfies never;
  }
}
