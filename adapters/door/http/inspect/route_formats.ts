/** The routing table for people, as a table of text and as a graph: piece by piece, since there may be many routes. */

import { entriesOf, type RouteEntry, type RouteTable } from "./route_table.ts";

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
const TITLES = COLUMNS.map(([title]) => title);

/** Routes measured between two turns of the event loop. */
const MEASURED_MAX = 1024;

/** Columns of equal width, a line per route. Empty texts first, while the widths are found. */
export function* toText(table: RouteTable): Generator<string> {
  const widths = TITLES.map(({ length }) => length);
  let measured = 0;
  for (const route of entriesOf(table)) {
    for (const [i, cell] of toCells(route).entries()) widths[i] = Math.max(widths[i], cell.length);
    if (++measured % MEASURED_MAX === 0) yield "";
  }
  yield toLine(TITLES, widths);
  for (const route of entriesOf(table)) yield toLine(toCells(route), widths);
}

/** Graphviz: clusters as boxes, hops as arrows (dotted where only one lane goes), patterns as notes at their destination. */
export function* toDot(table: RouteTable): Generator<string> {
  yield "digraph weft {\n  rankdir=LR;\n";
  const lines = new Set<string>();
  for (const { way } of table.routes.values()) {
    for (const cluster of [...way.path, way.destination]) lines.add(`${quote(cluster)} [shape=box]`);
    for (const hop of hopsOf(way.path)) lines.add(hop);
    for (const { lane, path } of way.lanes ?? []) {
      for (const hop of hopsOf(path)) lines.add(`${hop} [style=dotted, label=${quote(lane)}]`);
    }
  }
  for (const line of lines) yield `  ${line};\n`;
  let before: string | undefined;
  for (const { pattern, destination, cost, state } of entriesOf(table)) {
    const note = quote(`pattern ${pattern}`);
    if (pattern !== before) yield `  ${note} [shape=note, label=${quote(pattern)}];\n`;
    before = pattern;
    const label = quote(cost === null ? state : `${state}, ${cost}`);
    yield `  ${quote(destination)} -> ${note} [style=dashed, label=${label}];\n`;
  }
  yield "}\n";
}

function hopsOf(path: readonly string[]): string[] {
  return path.slice(1).map((cluster, i) => `${quote(path[i])} -> ${quote(cluster)}`);
}

function toCells(route: RouteEntry): string[] {
  return COLUMNS.map(([, cell]) => cell(route));
}

function toLine(cells: readonly string[], widths: readonly number[]): string {
  return `${cells.map((cell, i) => cell.padEnd(widths[i])).join("  ").trimEnd()}\n`;
}

function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&")}"`;
}
