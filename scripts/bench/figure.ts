/** What a benchmark answers: figures, each with what is asked of it. */

export interface Figure {
  /** What was measured. */
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  /** What is asked for: `≥ 0.6`, `≤ 20`; empty when the figure only explains another. */
  readonly aim: string;
  /** What it is compared with, measured in the same run. */
  readonly baseline?: string;
}

/** Whether a figure is as good as its aim; `undefined` when there is none. */
export function isMet({ value, aim }: Pick<Figure, "value" | "aim">): boolean | undefined {
  const parts = /^(≥|≤)\s*(\d+(?:\.\d+)?)$/.exec(aim);
  if (parts === null) return undefined;
  return parts[1] === "≥" ? value >= Number(parts[2]) : value <= Number(parts[2]);
}

/** The middle one; of an even number, the lower of the two. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[(values.length - 1) >> 1];
}

/** The value that this share of the values does not exceed, by nearest rank. `share` in (0, 1]; at least one value. */
export function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1];
}

/** Figures as a table for people. */
export function toTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const met = isMet(figure);
    const aim = figure.aim === "" ? "" : `aim ${figure.aim}`;
    return [
      figure.figure,
      toText(figure.value),
      figure.unit,
      aim,
      met === undefined ? "" : met ? "met" : "MISSED",
      figure.baseline ?? "",
    ];
  });
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column].length))) ?? [];
  return rows.map((row) => {
    return row.map((cell, column) => column === 1 ? cell.padStart(widths[1]) : cell.padEnd(widths[column])).join("  ")
      .trimEnd();
  }).join("\n");
}

function toText(value: number): string {
  return Math.abs(value) >= 100 ? Math.round(value).toString() : value.toFixed(2);
}
