/** Colours, where the reader has them. */

import type { Screen } from "./terminal.ts";

const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

export type Paint = Readonly<Record<keyof typeof codes, (text: string) => string>>;

const plain = Object.fromEntries(Object.keys(codes).map((name) => [name, (text: string) => text])) as Paint;
const colored = Object.fromEntries(
  Object.entries(codes).map(([name, [on, off]]) => [name, (text: string) => `\x1b[${on}m${text}\x1b[${off}m`]),
) as Paint;

export function paintFor({ colors }: Pick<Screen, "colors">): Paint {
  return colors ? colored : plain;
}

/** Text from elsewhere as it may be shown: what would steer the terminal is written out. */
export function toPrintable(text: string): string {
  // deno-lint-ignore no-control-regex -- control characters are what this is about
  return text.replace(/[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (found) => {
    const short = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }[found];
    return short ?? `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
