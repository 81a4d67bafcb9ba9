/** What a cluster says of itself: its links, its nodes, what they cost and where they are. The body of its topology record. */

import * as v from "valibot";

import { isName, parseJson } from "../../link/codec/mod.ts";

/** One end's word on a link; it counts once the other end says the same (design §5). */
export interface LinkReport {
  readonly peer: string;
  /** From 1; what is above `LINK_COST_MAX` counts as that. */
  readonly cost: number;
  readonly up: boolean;
  /** What classes of routes may prefer or shun. */
  readonly tags?: readonly string[];
  /** The process of the peer with which the link is. */
  readonly speaker?: Speaker;
}

/** Which process speaks for a cluster. */
export interface Speaker {
  readonly epoch: number;
  readonly instance: string;
}

/** A node of the cluster, for people. */
export interface NodeState {
  readonly id: string;
  readonly runtime: string;
  readonly version: string;
  /** Where its doors are. */
  readonly http?: string;
  readonly nats?: string;
  /** Wall-clock ms at which it started; for showing only. */
  readonly since: number;
}

/** Fields that are not known here are kept: a later version may have written them. */
export interface LinkState {
  readonly links: readonly LinkReport[];
  readonly tags?: readonly string[];
  readonly region?: string;
  /** Classes of traffic that it takes; a version that says nothing takes custody alone. */
  readonly classes?: readonly string[];
  /** Equal where events pay the same for tags; left out where they pay nothing. */
  readonly tagCosts?: string;
  readonly nodes?: readonly NodeState[];
  /** Its last word: it was stopped as planned. */
  readonly left?: boolean;
}

/** Of one cluster. A hub with more would cost every cluster of the mesh memory; a second hub is cheaper. */
export const LINKS_MAX = 256;
const NODES_MAX = 256;
const TAGS_MAX = 32;
const TEXT_MAX = 512;
/** Far above what the bounds below need when filled; keeps a hostile body from being parsed at all. */
const BYTES_MAX = 256 * 1024;

const NameSchema = v.custom<string>(isName);
const TextSchema = v.pipe(v.string(), v.maxLength(TEXT_MAX));
const TagsSchema = v.pipe(v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(63))), v.maxLength(TAGS_MAX));
const WholeSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const LinkSchema = v.looseObject({
  peer: NameSchema,
  cost: v.pipe(WholeSchema, v.minValue(1)),
  up: v.boolean(),
  tags: v.optional(TagsSchema),
  speaker: v.optional(v.object({ epoch: WholeSchema, instance: v.pipe(v.string(), v.maxLength(64)) })),
});

const NodeSchema = v.looseObject({
  id: NameSchema,
  runtime: TextSchema,
  version: TextSchema,
  http: v.optional(TextSchema),
  nats: v.optional(TextSchema),
  since: WholeSchema,
});

const LinkStateSchema = v.looseObject({
  links: v.pipe(v.array(LinkSchema), v.maxLength(LINKS_MAX)),
  tags: v.optional(TagsSchema),
  region: v.optional(TextSchema),
  left: v.optional(v.boolean()),
  classes: v.optional(TagsSchema),
  tagCosts: v.optional(TextSchema),
  // Nodes are for people: one that cannot be read is left out, and takes no route away.
  nodes: v.optional(v.pipe(
    v.array(v.unknown()),
    v.transform((nodes) => nodes.filter((node) => v.is(NodeSchema, node)).slice(0, NODES_MAX)),
  )),
});

const encoder = new TextEncoder();

/** JSON in UTF-8. */
export function encodeLinkState(state: LinkState): Uint8Array {
  return encoder.encode(JSON.stringify(state));
}

type ParsedLinkState = { readonly state: LinkState } | { readonly problem: string };

/** Of bodies that somebody still holds: federations in one process may share them, and they never change. */
const read = new WeakMap<Uint8Array, ParsedLinkState>();

/** Never throws, whatever the bytes are; `problem` is for people. */
export function parseLinkState(bytes: Uint8Array): ParsedLinkState {
  let parsed = read.get(bytes);
  if (parsed === undefined) read.set(bytes, parsed = readLinkState(bytes));
  return parsed;
}

function readLinkState(bytes: Uint8Array): ParsedLinkState {
  const parsed = parseJson(LinkStateSchema, bytes, BYTES_MAX);
  if ("fault" in parsed) return { problem: `a link state cannot be read: ${parsed.fault}` };
  return { state: parsed.value };
}
