/** Which routes the events of a lane take: lanes whose events pay the same for every tag share a class of routes. */

import { crc32 } from "node:zlib";

import { type Lane, LANES } from "../link/codec/mod.ts";
import type { TagCost } from "../options.ts";
import { EVENT_LANES } from "../traffic.ts";
import { LATENCY, type RouteClass } from "./paths/mod.ts";

export class LaneClasses {
  /** Class 0 is that of lane `control`: what the mesh says of itself pays for no tag, and so always gets through. */
  readonly classes: readonly RouteClass[];
  /** Equal where the same events pay the same; `undefined`: nobody pays for tags. */
  readonly fingerprint: string | undefined;
  readonly #numbers = new Map<Lane, number>();

  constructor(tagCosts: readonly TagCost[]) {
    const classes = [LATENCY];
    const texts = [""];
    const said: string[] = [];
    for (const lane of LANES) {
      const paid = costsOn(lane, tagCosts);
      const text = paid.map(([tag, cost]) => `${JSON.stringify(tag)} ${cost}`).join();
      if (!texts.includes(text)) {
        texts.push(text);
        classes.push({ name: lane, tagCosts: Object.fromEntries(paid) });
      }
      this.#numbers.set(lane, texts.indexOf(text));
      if (text !== "") said.push(`${lane} ${text}`);
    }
    this.classes = classes;
    this.fingerprint = said.length === 0 ? undefined : crc32(said.join("\n")).toString(16).padStart(8, "0");
  }

  /** The number of the class that a lane belongs to. */
  of(lane: Lane): number {
    return this.#numbers.get(lane)!;
  }

  /** Lanes of events, together where they share a class. */
  get groups(): readonly (readonly Lane[])[] {
    const groups = new Map<number, Lane[]>();
    for (const lane of EVENT_LANES) groups.set(this.of(lane), [...groups.get(this.of(lane)) ?? [], lane]);
    return [...groups.values()];
  }
}

/** What a lane pays for each tag, by name of the tag. The first rule that fits holds. */
function costsOn(lane: Lane, tagCosts: readonly TagCost[]): [tag: string, cost: number][] {
  if (lane === "control") return [];
  const paid = new Map<string, number>();
  for (const { tag, cost, lanes } of tagCosts) {
    if ((lanes === undefined || lanes.includes(lane)) && !paid.has(tag)) paid.set(tag, cost);
  }
  return [...paid].filter(([, cost]) => cost > 0).sort(([a], [b]) => a < b ? -1 : 1);
}
