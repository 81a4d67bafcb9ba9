/** What a cluster says of itself: its links and nodes, as the JSON body of its topology record. */

/** A link as one end of it reports it. */
export interface LinkReport {
  readonly peer: string;
  /** At least 1; the larger of both ends' counts. */
  readonly cost: number;
  readonly tags?: readonly string[];
  readonly up: boolean;
}

/** A node of the cluster, for people and for `/v1/peers`. */
export interface NodeState {
  readonly id: string;
  readonly runtime: string;
  readonly version: string;
  readonly http?: string;
  /** Where others may dial it. */
  readonly nats?: string;
  readonly since: number;
}

export interface LinkState {
  readonly links: readonly LinkReport[];
  readonly nodes: readonly NodeState[];
}

const LINKS_MAX = 256;
const NODES_MAX = 256;
const COST_MAX = 1_000_000;
const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeLinkState({ links, nodes }: LinkState): Uint8Array {
  return encoder.encode(JSON.stringify({ links, nodes }));
}

/** Never throws; members that are not known are let by. */
export function parseLinkState(body: Uint8Array): { readonly state: LinkState } | { readonly problem: string } {
  try {
    const { links, nodes } = JSON.parse(decoder.decode(body)) ?? {};
    if (!Array.isArray(links) || links.length > LINKS_MAX) return problem(`links is no list of at most ${LINKS_MAX}`);
    const bad = links.findIndex((link) => !isLink(link));
    if (bad >= 0) return problem(`links[${bad}] is none`);
    const sound = Array.isArray(nodes) ? nodes.filter(isNode).slice(0, NODES_MAX) : [];
    return { state: { links, nodes: sound } };
  } catch {
    return problem("it is no JSON");
  }
}

function isLink(value: unknown): value is LinkReport {
  const { peer, cost, up } = (value ?? {}) as Record<string, unknown>;
  return typeof peer === "string" && NAME.test(peer) && typeof up === "boolean" && typeof cost === "number" &&
    Number.isInteger(cost) && cost >= 1 && cost <= COST_MAX;
}

function isNode(value: unknown): value is NodeState {
  const { id, runtime, version } = (value ?? {}) as Record<string, unknown>;
  return [id, runtime, version].every((member) => typeof member === "string");
}

function problem(what: string): { readonly problem: string } {
  return { problem: `a link state cannot be read: ${what}` };
}
