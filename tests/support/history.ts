/** What publishers, sinks and consumers saw, one line a step, in the order in which this process saw it. */

import { readFileSync, writeFileSync } from "node:fs";

export type HistoryLine =
  /** A publisher begins to send; it repeats the event until it is accepted. */
  | { readonly type: "sent"; readonly id: string }
  /** The node answered 202. */
  | { readonly type: "accepted"; readonly id: string; readonly position: number; readonly duplicate: boolean }
  /** A sink got the event and acknowledges it. */
  | { readonly type: "delivered"; readonly sink: string; readonly id: string }
  /** A pull request is sent; what it answers is `pulled` under the same number. */
  | { readonly type: "pulling"; readonly request: number }
  | { readonly type: "pulled"; readonly request: number; readonly ids: readonly string[] }
  /** An acknowledgement was answered 2xx. */
  | { readonly type: "acknowledged"; readonly ids: readonly string[] }
  | { readonly type: "killed"; readonly inFlight: number }
  /** At the end: dead letters of a subscription, and the log as the node shows it. */
  | { readonly type: "deadLettered"; readonly sink: string; readonly id: string }
  | { readonly type: "logged"; readonly position: number; readonly id: string }
  /** What the node itself put into the log: it takes a position, and no rule but that one. */
  | { readonly type: "announced"; readonly position: number };

/** Written by those who take part; `save()` makes a JSON Lines file that a checker reads on its own. */
export class History {
  readonly #lines: HistoryLine[] = [];

  add(line: HistoryLine): void {
    this.#lines.push(line);
  }

  get size(): number {
    return this.#lines.length;
  }

  count(type: HistoryLine["type"]): number {
    return this.#lines.reduce((sum, line) => sum + (line.type === type ? 1 : 0), 0);
  }

  save(path: string): void {
    writeFileSync(path, this.#lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  }
}

export function readHistory(path: string): HistoryLine[] {
  const text = readFileSync(path, "utf8");
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}
