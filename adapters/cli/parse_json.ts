/** JSON that keeps the numbers which JavaScript would round. */

interface SourceContext {
  readonly source?: string;
}

// In ECMAScript 2026 (JSON.parse source text access), and in both runtimes; the compiler's library does not know it yet.
const { parse, rawJSON } = JSON as unknown as {
  parse(text: string, reviver: (key: string, value: unknown, context: SourceContext) => unknown): unknown;
  rawJSON(text: string): unknown;
};

/** Like `JSON.parse`, but a number that a double would change comes back from `JSON.stringify` as it was written. */
export function parseJson(text: string): unknown {
  return parse(text, (_key, value, { source }) => {
    const changed = typeof value === "number" && source !== undefined && source !== String(value);
    return changed ? rawJSON(source) : value;
  });
}
