/** YAML, and JSON with it. */

import { isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";

import { ConfigError } from "./config_error.ts";
import { toLayer } from "./file_layer.ts";
import type { Layer } from "./layer.ts";

/** Throws `ConfigError` with the place of each mistake. */
export function parseYaml(text: string, name: string): Layer {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map((error) => ({ path: "", where: place(error.pos[0]), detail: error.message })),
    );
  }
  const places = new Map<string, string>();
  notePlaces(document.contents, "", (path, offset) => places.set(path, place(offset)));
  return toLayer(document.toJS({ maxAliasCount: 100 }), name, (path) => places.get(path));
}

function notePlaces(node: Node | null, path: string, note: (path: string, offset: number) => void): void {
  if (isMap(node)) {
    for (const pair of node.items) {
      if (!isPair(pair) || !isScalar(pair.key)) continue;
      const inner = path === "" ? String(pair.key.value) : `${path}.${pair.key.value}`;
      note(inner, pair.key.range?.[0] ?? 0);
      notePlaces(pair.value as Node | null, inner, note);
    }
  } else if (isSeq(node)) {
    node.items.forEach((item, index) => {
      note(`${path}[${index}]`, (item as Node | null)?.range?.[0] ?? 0);
      notePlaces(item as Node | null, `${path}[${index}]`, note);
    });
  }
}
