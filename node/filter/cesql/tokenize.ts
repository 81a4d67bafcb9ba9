/** The text of an expression as tokens (CESQL 1.0 §2). */

import { CesqlSyntaxError } from "./cesql_error.ts";

/** `word`: keyword, attribute or function name; `text`: the string literal's content; `symbol`: an operator, a bracket or a comma. */
export type TokenType = "word" | "integer" | "text" | "symbol" | "end";

export interface Token {
  readonly type: TokenType;
  /** Words as written; string literals without quotes and with `\'` resolved; symbols themselves. */
  readonly value: string;
  /** 0-based position of its first character. */
  readonly position: number;
  /** Position after its last character. */
  readonly end: number;
}

/** All tokens, the last of type `end`. Throws `CesqlSyntaxError`. */
export function tokenize(expression: string): readonly Token[] {
  const tokens: Token[] = [];
  let position = skipSpace(expression, 0);
  while (position < expression.length) {
    const token = readToken(expression, position);
    tokens.push(token);
    position = skipSpace(expression, token.end);
  }
  tokens.push({ type: "end", value: "", position: expression.length, end: expression.length });
  return tokens;
}

const SPACE = /[ \t\r\n]*/y;
const WORD = /[A-Za-z0-9_]+/y;
const DIGITS = /^[0-9]+$/;
const SYMBOL = /<=|>=|<>|!=|[=<>+\-*/%(),]/y;

function skipSpace(expression: string, position: number): number {
  return position + matchAt(SPACE, expression, position).length;
}

function readToken(expression: string, position: number): Token {
  const character = expression[position];
  if (character === "'" || character === '"') return readText(expression, position, character);
  const word = matchAt(WORD, expression, position);
  if (word !== "") {
    return { type: DIGITS.test(word) ? "integer" : "word", value: word, position, end: position + word.length };
  }
  const symbol = matchAt(SYMBOL, expression, position);
  if (symbol !== "") return { type: "symbol", value: symbol, position, end: position + symbol.length };
  const found = String.fromCodePoint(expression.codePointAt(position)!);
  throw new CesqlSyntaxError({ expression, position, reason: `unexpected character "${found}"` });
}

/** A backslash keeps its next character inside the literal and is itself kept, but before the quote, which it escapes. */
function readText(expression: string, position: number, quote: string): Token {
  let value = "";
  let index = position + 1;
  while (index < expression.length && expression[index] !== quote) {
    const next = expression[index] === "\\" ? expression[index + 1] ?? "" : "";
    value += next === quote ? quote : expression[index] + next;
    index += 1 + next.length;
  }
  if (index >= expression.length) {
    const reason = `the string that starts here is not closed; end it with ${quote}`;
    throw new CesqlSyntaxError({ expression, position, reason });
  }
  return { type: "text", value, position, end: index + 1 };
}

function matchAt(pattern: RegExp, expression: string, position: number): string {
  pattern.lastIndex = position;
  return pattern.exec(expression)?.[0] ?? "";
}
