/**
 * What publishers and subscribers of a mesh saw, a line a step, in the order in which this process saw it: a JSON Lines
 * file that a checker reads on its own.
 */

import { appendFileSync, readFileSync } from "node:fs";

/** An event: its publisher's name and its number there, 1, 2, 3 …: `bob.1:17`. */
export type EventName = string;

export type MeshLine =
  /**
   * Event n of a publisher has topic n modulo their number. It sends to the first of the clusters and, where it publishes
   * each event twice, to one of the others; it repeats what was not answered.
   */
  | {
    readonly type: "publisher";
    readonly publisher: string;
    readonly clusters: readonly string[];
    readonly topics: readonly string[];
  }
  /** `inOrder`: it must first see the events of a publisher as they were published. */
  | {
    readonly type: "subscriber";
    readonly subscriber: string;
    readonly cluster: string;
    readonly topics: readonly string[];
    readonly inOrder: boolean;
  }
  | { readonly type: "sent"; readonly publisher: string; readonly first: number; readonly last: number }
  /** A node answered 202 for all of them. */
  | { readonly type: "accepted"; readonly publisher: string; readonly first: number; readonly last: number }
  /** A pull is sent; what it answers is `pulled` under the same number. */
  | { readonly type: "pulling"; readonly request: number }
  | {
    readonly type: "pulled";
    readonly request: number;
    readonly subscriber: string;
    readonly events: readonly EventName[];
  }
  /** The acknowledgement of all that this request pulled was answered 2xx. */
  | { readonly type: "acknowledged"; readonly request: number }
  /** The data directory of a cluster that was stopped was copied, then put back: what was acknowledged in between is undone. */
  | { readonly type: "copied"; readonly cluster: string }
  | { readonly type: "restored"; readonly cluster: string }
  | { readonly type: "struck"; readonly fault: string; readonly target: string; readonly inFlight: number }
  | { readonly type: "healed"; readonly fault: string; readonly target: string }
  /** At the end: a page of a cluster's log, as it shows it. */
  | { readonly type: "logged"; readonly cluster: string; readonly events: readonly EventName[] };

const LINES_BUFFERED_MAX = 1000;

/** Written to the file as it grows. */
export class MeshHistory {
  readonly path: string;
  #lines: string[] = [];

  constructor(path: string) {
    this.path = path;
  }

  add(line: MeshLine): void {
    this.#lines.push(JSON.stringify(line) + "\n");
    if (this.#lines.length >= LINES_BUFFERED_MAX) this.flush();
  }

  flush(): void {
    appendFileSync(this.path, this.#lines.join(""));
    this.#lines = [];
  }
}

export function readMeshHistory(path: string): MeshLine[] {
  return readFileSync(path, "utf8").split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}
