/**
 * Notices that the launcher of this process has gone.
 *
 * Under `npx` a program sits below a shell that does not pass signals on: whoever stops `npx` would leave the program
 * running. So the chain of processes up to the launcher is remembered at the start, and looked at from time to time.
 */

import { readFileSync } from "node:fs";
import process from "node:process";

/** How often the launcher is looked at; a node has this much longer to live after its `npx` was stopped. */
const lookEveryMs = 250;

/** Chains are a handful of processes; the bound ends a walk that goes astray. */
const depthMax = 12;

/** Calls `onGone` once, when a process between this one and the launcher that started it has ended. */
export function watchLauncher(onGone: () => void): void {
  const chain = findChain(process.ppid, readProcess);
  if (chain.length === 0) return;
  const timer = setInterval(() => {
    if (chain.every((pid) => readProcess(pid) !== undefined)) return;
    clearInterval(timer);
    onGone();
  }, lookEveryMs);
  timer.unref();
}

export interface ProcessEntry {
  readonly parent: number;
  readonly command: string;
}

/** What starts programs for people: `npx …`, `npm run`, `bun run`, `deno task`. */
const launcher = /^np[mx] |(^|\/)(bun|deno)(\.exe)? (run|task) [a-z][\w-]*( |$)/;

/** The processes from `pid` up to the outermost launcher; empty when there is none among the ancestors. */
export function findChain(pid: number, read: (pid: number) => ProcessEntry | undefined): readonly number[] {
  const ancestors: number[] = [];
  let chain: readonly number[] = [];
  for (let next = pid; ancestors.length < depthMax && next > 1;) {
    const entry = read(next);
    if (entry === undefined) break;
    ancestors.push(next);
    if (launcher.test(entry.command)) chain = [...ancestors];
    next = entry.parent;
  }
  return chain;
}

/** A process of this machine; `undefined` when there is none, or the system has no /proc. */
function readProcess(pid: number): ProcessEntry | undefined {
  try {
    // The fields after the name in brackets: state, parent. A zombie has ended, though its parent has yet to notice.
    const [state, parent] = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "").split(" ");
    if (state === "Z" || state === "X") return undefined;
    return { parent: Number(parent), command: readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ") };
  } catch {
    return undefined;
  }
}
