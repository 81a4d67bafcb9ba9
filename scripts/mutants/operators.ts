/** Mutants that nobody thought of: comparisons off by one or turned round, conditions negated, statements left out. */

import { maskSource } from "./mask_source.ts";
import type { Mutant } from "./mutant.ts";

/** A change at a place of a source. */
interface Change {
  readonly offset: number;
  readonly length: number;
  readonly to: string;
  readonly why: string;
}

/** The formatter puts blanks around operators, and none around the brackets of type arguments. */
const OPERATORS: readonly (readonly [from: string, to: string, why: string])[] = [
  [" < ", " <= ", "off by one"],
  [" <= ", " < ", "off by one"],
  [" > ", " >= ", "off by one"],
  [" >= ", " > ", "off by one"],
  [" === ", " !== ", "negated comparison"],
  [" !== ", " === ", "negated comparison"],
  [" && ", " || ", "other connective"],
  [" || ", " && ", "other connective"],
  [" + 1", "", "off by one"],
  [" - 1", "", "off by one"],
  [" += ", " -= ", "other direction"],
  [" -= ", " += ", "other direction"],
  ["Math.max(", "Math.min(", "other bound"],
  ["Math.min(", "Math.max(", "other bound"],
];
/** A line that is one statement, done for what it does. */
const STATEMENT = /^ +(?:(?:this|[a-z]\w*)[.#\w[\]?!]*(?:\(.*\)|(?:\+\+|--)|\s[-+]?=\s.*)|return this\.#?\w+\(.*\));$/;
const DECLARATION = /^ *(?:const|let|readonly|static|type|import|export)\b/;

/** Everything that can be changed in a file, in the order of its text. */
export function findOperatorMutants(file: string, source: string): Mutant[] {
  const masked = maskSource(source);
  const changes = [...findOperators(masked), ...findConditions(masked), ...findStatements(masked)];
  changes.sort((a, b) => a.offset - b.offset || a.length - b.length);
  return changes.map((change) => toMutant(file, source, change));
}

function* findOperators(masked: string): Generator<Change> {
  for (const [from, to, why] of OPERATORS) {
    for (let at = masked.indexOf(from); at >= 0; at = masked.indexOf(from, at + 1)) {
      const next = masked[at + from.length];
      if (from.endsWith("1") && /[\w.]/.test(next)) continue;
      yield { offset: at, length: from.length, to, why };
    }
  }
}

function* findConditions(masked: string): Generator<Change> {
  for (const match of masked.matchAll(/\b(?:if|while) \(/g)) {
    const open = match.index + match[0].length;
    const close = closingBracket(masked, open);
    yield { offset: open, length: close - open, to: "negate", why: "negated condition" };
  }
}

function* findStatements(masked: string): Generator<Change> {
  let offset = 0;
  for (const line of masked.split("\n")) {
    if (STATEMENT.test(line) && !DECLARATION.test(line) && isBalanced(line)) {
      const indent = line.length - line.trimStart().length;
      yield { offset: offset + indent, length: line.length - indent, to: "", why: "left out" };
    }
    offset += line.length + 1;
  }
}

function closingBracket(masked: string, from: number): number {
  let depth = 1;
  for (let at = from; at < masked.length; at++) {
    if (masked[at] === "(") depth++;
    else if (masked[at] === ")" && --depth === 0) return at;
  }
  return masked.length;
}

function isBalanced(line: string): boolean {
  let depth = 0;
  for (const char of line) {
    if ("([{".includes(char)) depth++;
    else if (")]}".includes(char) && --depth < 0) return false;
  }
  return depth === 0;
}

function toMutant(file: string, source: string, { offset, length, to, why }: Change): Mutant {
  const before = source.slice(0, offset);
  const line = before.split("\n").length;
  const column = offset - before.lastIndexOf("\n");
  const old = source.slice(offset, offset + length);
  const text = to === "negate" ? `!(${old})` : to;
  const says = to === "" ? `without "${shorten(old)}"` : `"${shorten(old)}" becomes "${shorten(text)}"`;
  return {
    name: `${file}:${line}:${column} ${says}`,
    why,
    file,
    mutate: (current) => {
      if (current === source) return before + text + source.slice(offset + length);
      throw new Error(`Cannot apply mutant at ${file}:${line}: the file has changed meanwhile; find its mutants again`);
    },
  };
}

function shorten(text: string): string {
  const line = text.trim().replace(/\s+/g, " ");
  return line.length <= 60 ? line : `${line.slice(0, 59)}…`;
}
