/** Tables for people. */

import { paintFor, toPrintable } from "./paint.ts";
import type { Screen } from "./terminal.ts";

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string | number | null | undefined;
  /** Numbers read best to the right. */
  readonly align?: "left" | "right";
}

/** Columns of equal width under their titles; on a terminal the last one is cut so that each row is a line. */
export function renderTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[], screen: Screen): string {
  const paint = paintFor(screen);
  const cells = rows.map((row) => columns.map(({ cell }) => toPrintable(String(cell(row) ?? "-"))));
  const widths = columns.map(({ title }, i) => Math.max(title.length, ...cells.map((row) => lengthOf(row[i]))));
  const toLine = (row: readonly string[]) => {
    const line = row.map((cell, i) => pad(cell, widths[i], columns[i].align)).join("  ").trimEnd();
    return screen.isTerminal ? cut(line, screen.columns) : line;
  };
  return [paint.dim(toLine(columns.map(({ title }) => title))), ...cells.map(toLine)].join("\n") + "\n";
}

/** Names to the left, values to the right; values that are not there are left out. */
export function renderFields(
  fields: Readonly<Record<string, string | number | null | undefined>>,
  screen: Screen,
): string {
  const paint = paintFor(screen);
  const known = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  const width = Math.max(0, ...known.map(([name]) => name.length));
  return known.map(([name, value]) => `${paint.dim(name.padEnd(width))}  ${toPrintable(String(value))}\n`).join("");
}

function pad(text: string, width: number, align: "left" | "right" = "left"): string {
  const space = " ".repeat(Math.max(0, width - lengthOf(text)));
  return align === "right" ? space + text : text + space;
}

function cut(text: string, columns: number): string {
  const characters = [...text];
  return characters.length <= columns ? text : `${characters.slice(0, columns - 1).join("")}…`;
}

function lengthOf(text: string): number {
  return [...text].length;
}
