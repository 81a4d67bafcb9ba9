/** Mutants of the operators that survive for a reason: they change nothing that a test could see, or nothing that matters. */

/** A mutant is found by its file, the line that it changes, and the change. */
export interface Explained {
  readonly file: string;
  /** The line without its indent. */
  readonly line: string;
  /** Part of the mutant's name behind its place; without: every change of the line. */
  readonly change?: string;
  readonly why: string;
}

export const EXPLAINED: readonly Explained[] = [];

export function findExplanation(
  { file, name }: { readonly file: string; readonly name: string },
  source: string,
): string | undefined {
  const number = Number(name.slice(file.length + 1).split(":")[0]);
  const line = source.split("\n")[number - 1]?.trim();
  return EXPLAINED.find((each) => each.file === file && each.line === line && name.includes(each.change ?? ""))?.why;
}
