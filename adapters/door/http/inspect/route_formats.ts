/** The routing table for people: as a table of text, and as a graph. */

import type { RouteEntry, RouteTable } from "./route_table.ts";

const COLUMNS: readonly (readonly [title: string, cell: (route: RouteEntry) => string])[] = [
  ["PATTERN", ({ pattern }) => pattern],
  ["DESTINATION", ({ destination }) => destination],
  ["NEXT HOP", ({ nextHop }) => nextHop ?? "-"],
  ["PATH", ({ path }) => path.join(" > ") || "-"],
  ["COST", ({ cost }) => String(cost ?? "-")],
  ["STATE", ({ state }) => state],
  ["AGE", ({ ageMs }) => `${Math.round(ageMs / 1000)}s`],
  ["REASON", ({ reason }) => reason],
];

/** Columns of equal width, a line per route. */
export function toText({ routes }: RouteTable): string {
  const rows = [COLUMNS.map(([title]) => title), ...routes.map((route) => COLUMNS.map(([, cell]) => cell(route)))];
  const widths = COLUMNS.map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i])).join("  ").trimEnd()).join("\n") + "\n";
}

/** Graphviz: clusters as boxes, hops as arrows, patterns as notes at their destination. */
export function toDot({ routes }: RouteTable): string {
  const lines = new Set<string>();
  for (const route of routes) {
    for (const cluster of [...route.path, route.destination]) lines.add(`${quote(cluster)} [shape=box]`);
    for (let i = 1; i < route.path.length; i++) lines.add(`${quote(route.path[i - 1])} -> ${quote(route.path[i])}`);
    const note = quote(`pattern ${route.pattern}`);
    lines.add(`${note} [shape=note, label=${quote(route.pattern)}]`);
    lines.add(
      `${quote(route.destination)} -> ${note} [style=dashed, label=${
        quote(route.cost === null ? route.state : `${route.state}, ${route.cost}`)
      }]`,
    );
  }
  return `digraph weft {\n  rankdir=LR;\n${[...lines].map((line) => `  ${line};\n`).join("")}}\n`;
}

function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&")}"`;
}
