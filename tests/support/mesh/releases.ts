/**
 * Programs of other releases: the one before, which has the first codec of the link protocol as it was frozen
 * (`tests/federation/fixtures/first_codec`), and one that is still to come, which says more than this one understands.
 */

import { appendFileSync, cpSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { tempDir } from "../temp_dir.ts";

const ROOT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const CODEC = join("federation", "link", "codec");
/** What a program consists of. */
const PARTS = ["adapters", "federation", "node", "mod.ts", "package.json", "deno.json"];

/** Paths of the programs' main files. */
export interface Releases extends Disposable {
  readonly previous: string;
  readonly current: string;
  readonly next: string;
}

/**
 * What a later minor version may do (see `federation/link/codec/frame.ts` and `hello.ts`): more in the head of a frame, at
 * the end of a group, in a HELLO and in its digest, and a version that this one does not speak.
 */
const NEXT: readonly { readonly file: string; readonly old: string; readonly now: string; readonly times: number }[] = [
  { file: `${CODEC}/frame_writer.ts`, old: "AT.end", now: "(AT.end + 8)", times: 4 },
  {
    file: `${CODEC}/frame_writer.ts`,
    old: "this.#writeEvents();",
    now: "this.#writeEvents(); this.#group.whole(12345);",
    times: 1,
  },
  {
    file: `${CODEC}/frame_writer.ts`,
    old: "patchHeldMs(bytes, 0);",
    now: "patchHeldMs(bytes, 0); view.setUint8(AT.minor, 1);",
    times: 1,
  },
  {
    file: `${CODEC}/hello.ts`,
    old: "creditBytes, reason },",
    now: "creditBytes, reason, later: { more: [1, 2] } },",
    times: 1,
  },
  {
    file: `${CODEC}/hello.ts`,
    old: "new Uint8Array(BEAT_BYTES), DIGEST",
    now: "new Uint8Array(BEAT_BYTES + 4), DIGEST",
    times: 1,
  },
  { file: "federation/link/identity.ts", old: "= [1, 1]", now: "= [1, 2]", times: 1 },
];

/** What the program around the codec asks of it, and the first one did not have: it says and reads nothing of that. */
export const ASKED_OF_FIRST_CODEC: Readonly<Record<string, string>> = { BEST_EFFORT: "best-effort" };

export function openReleases(): Releases {
  const dir = tempDir();
  const [previous, next] = ["previous", "next"].map((name) => join(dir.path, name));
  for (const tree of [previous, next]) {
    for (const part of PARTS) cpSync(join(ROOT, part), join(tree, part), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(tree, "node_modules"));
  }
  rmSync(join(previous, CODEC), { recursive: true });
  cpSync(join(ROOT, "tests", "federation", "fixtures", "first_codec"), join(previous, CODEC), { recursive: true });
  for (const [name, value] of Object.entries(ASKED_OF_FIRST_CODEC)) {
    appendFileSync(join(previous, CODEC, "mod.ts"), `export const ${name} = ${JSON.stringify(value)};\n`);
  }
  for (const change of NEXT) apply(next, change);
  return {
    previous: mainOf(previous),
    current: mainOf(ROOT),
    next: mainOf(next),
    [Symbol.dispose]: () => dir.dispose(),
  };
}

function apply(tree: string, { file, old, now, times }: (typeof NEXT)[number]): void {
  const path = join(tree, file);
  const parts = readFileSync(path, "utf8").split(old);
  if (parts.length !== times + 1) {
    throw new Error(`Cannot make the next release: "${old}" is ${parts.length - 1} times in ${file}, not ${times}`);
  }
  writeFileSync(path, parts.join(now));
}

function mainOf(tree: string): string {
  return join(tree, "adapters", "cli", "main.ts");
}
