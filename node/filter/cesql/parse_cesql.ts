/** Parses CESQL text into its tree: a Pratt parser with the precedence of CESQL 1.0 §3.6. */

import { CesqlSyntaxError } from "./cesql_error.ts";
import { type CesqlExpression, childrenOf } from "./expression.ts";
import { PATTERN_LENGTH_MAX } from "./like_pattern.ts";
import { type Token, tokenize } from "./tokenize.ts";
import { INTEGER_MAX } from "./value.ts";

/** Characters of an expression. Bounds the memory and time that a foreign expression can take. */
export const EXPRESSION_LENGTH_MAX = 16_384;

/** Levels of the tree, also by chains such as `a OR b OR c`. Evaluation recurses once a level, well within any stack. */
export const NESTING_MAX = 500;

/**
 * Parses an expression.
 *
 * Keywords and function names are read in any case, attribute names are turned into lower case. Operators of equal
 * precedence (`AND`, `OR` and `XOR` are) group from left to right (CESQL 1.0 §3.6).
 *
 * @throws {CesqlSyntaxError} with the position of the mistake.
 *
 * @example
 * parseCesql("type = 'order.placed' AND subject LIKE 'eu-%'")
 */
export function parseCesql(expression: string): CesqlExpression {
  if (expression.length > EXPRESSION_LENGTH_MAX) {
    const reason = `the expression has ${expression.length} characters, more than ${EXPRESSION_LENGTH_MAX}; split it`;
    throw new CesqlSyntaxError({ expression, position: EXPRESSION_LENGTH_MAX, reason });
  }
  return new Parser(expression).parse();
}

const PRECEDENCE = { logic: 1, comparison: 2, additive: 3, multiplicative: 4, in: 5, like: 6, unary: 7 } as const;

interface InfixOperator {
  readonly type: "logic" | "comparison" | "arithmetic";
  readonly precedence: number;
  readonly operator: string;
}

const INFIX: ReadonlyMap<string, InfixOperator> = new Map<string, InfixOperator>([
  ...["AND", "OR", "XOR"].map((operator) => infix("logic", PRECEDENCE.logic, operator)),
  ...["=", "!=", "<", "<=", ">", ">="].map((operator) => infix("comparison", PRECEDENCE.comparison, operator)),
  ["<>", { type: "comparison", precedence: PRECEDENCE.comparison, operator: "!=" }],
  ...["+", "-"].map((operator) => infix("arithmetic", PRECEDENCE.additive, operator)),
  ...["*", "/", "%"].map((operator) => infix("arithmetic", PRECEDENCE.multiplicative, operator)),
]);

function infix(type: InfixOperator["type"], precedence: number, operator: string): [string, InfixOperator] {
  return [operator, { type, precedence, operator }];
}

const KEYWORDS: ReadonlySet<string> = new Set(["AND", "OR", "XOR", "NOT", "LIKE", "IN", "EXISTS", "TRUE", "FALSE"]);
const FUNCTION_NAME = /^[A-Za-z][A-Za-z_]*$/;
const ATTRIBUTE_NAME = /^[A-Za-z0-9]+$/;

class Parser {
  readonly #expression: string;
  readonly #tokens: readonly Token[];
  #index = 0;
  #nesting = 0;

  constructor(expression: string) {
    this.#expression = expression;
    this.#tokens = tokenize(expression);
  }

  parse(): CesqlExpression {
    const tree = this.#parseExpression(0);
    if (this.#token.type !== "end") this.#fail(`unexpected ${describe(this.#token)} after a complete expression`);
    if (levelsOf(tree) > NESTING_MAX) this.#failNesting(0);
    return tree;
  }

  get #token(): Token {
    return this.#tokens[this.#index];
  }

  /** An operand and every operator behind it that binds tighter than `precedence`. */
  #parseExpression(precedence: number): CesqlExpression {
    this.#nesting++;
    if (this.#nesting > NESTING_MAX) this.#failNesting(this.#token.position);
    let left = this.#parseOperand();
    while (true) {
      const extended = this.#parseOperator(left, precedence);
      if (extended === undefined) break;
      left = extended;
    }
    this.#nesting--;
    return left;
  }

  #parseOperand(): CesqlExpression {
    const token = this.#token;
    switch (token.type) {
      case "integer":
        return this.#parseInteger(token, token.value, token.position);
      case "text":
        this.#index++;
        return { type: "literal", position: token.position, value: token.value };
      case "word":
        return this.#parseWord(token);
      case "symbol":
        return this.#parsePrefix(token);
      case "end":
        return this.#fail("the expression ends where a value should follow");
      default:
        return token.type satisfies never;
    }
  }

  #parsePrefix(token: Token): CesqlExpression {
    const next = this.#tokens[this.#index + 1];
    const signed = (token.value === "-" || token.value === "+") && next.type === "integer" &&
      next.position === token.end;
    if (signed) {
      this.#index++;
      return this.#parseInteger(next, token.value + next.value, token.position);
    }
    if (token.value === "-") {
      this.#index++;
      return { type: "negate", position: token.position, operand: this.#parseExpression(PRECEDENCE.unary) };
    }
    if (token.value === "(") {
      this.#index++;
      const inner = this.#parseExpression(0);
      this.#expect(")", `the bracket at position ${token.position} is not closed; add ")"`);
      return inner;
    }
    return this.#fail(`unexpected "${token.value}" where a value should stand`);
  }

  #parseInteger(token: Token, text: string, position: number): CesqlExpression {
    const value = Number(text);
    if (value > INTEGER_MAX || value < -INTEGER_MAX - 1) {
      this.#fail(`the integer ${abbreviate(text)} does not fit in 32 bits; compare it as a string`, {
        ...token,
        position,
      });
    }
    this.#index++;
    return { type: "literal", position, value: value | 0 };
  }

  #parseWord(token: Token): CesqlExpression {
    const keyword = token.value.toUpperCase();
    const { position } = token;
    switch (keyword) {
      case "TRUE":
      case "FALSE":
        this.#index++;
        return { type: "literal", position, value: keyword === "TRUE" };
      case "NOT":
        this.#index++;
        return { type: "not", position, operand: this.#parseExpression(PRECEDENCE.unary) };
      case "EXISTS":
        this.#index++;
        return { type: "exists", position, name: this.#parseAttributeName("the name of an attribute") };
    }
    const next = this.#tokens[this.#index + 1];
    const isCall = next.type === "symbol" && next.value === "(" && !KEYWORDS.has(keyword);
    if (isCall) return this.#parseCall(token);
    return { type: "attribute", position, name: this.#parseAttributeName("a value") };
  }

  #parseAttributeName(expected: string): string {
    const token = this.#token;
    const isWord = token.type === "word" || token.type === "integer";
    if (!isWord || KEYWORDS.has(token.value.toUpperCase())) {
      this.#fail(`expected ${expected}, found ${describe(token)}`);
    }
    if (!ATTRIBUTE_NAME.test(token.value)) {
      this.#fail(`"${abbreviate(token.value)}" is no attribute name; those have letters and digits only`);
    }
    this.#index++;
    return token.value.toLowerCase();
  }

  #parseCall(token: Token): CesqlExpression {
    if (!FUNCTION_NAME.test(token.value)) {
      this.#fail(`"${abbreviate(token.value)}" is no function name; those have letters and underscores only`);
    }
    this.#index += 2; // the name and its bracket
    const isEmpty = this.#takeSymbol(")");
    const parameters = isEmpty ? [] : this.#parseList(`the call of ${token.value} is not closed; add ")"`);
    return { type: "call", position: token.position, name: token.value.toUpperCase(), parameters };
  }

  /** `expression, expression …)` */
  #parseList(unclosed: string): CesqlExpression[] {
    const list = [this.#parseExpression(0)];
    while (this.#takeSymbol(",")) list.push(this.#parseExpression(0));
    this.#expect(")", unclosed);
    return list;
  }

  /** `left` with the next operator applied, or `undefined` if that does not bind tighter than `precedence`. */
  #parseOperator(left: CesqlExpression, precedence: number): CesqlExpression | undefined {
    const { position } = this.#token;
    const negated = this.#keywordAt(0) === "NOT";
    const keyword = this.#keywordAt(negated ? 1 : 0);
    if (keyword === "LIKE" && PRECEDENCE.like > precedence) {
      this.#index += negated ? 2 : 1;
      return { type: "like", position, operand: left, pattern: this.#parsePattern(), negated };
    }
    if (keyword === "IN" && PRECEDENCE.in > precedence) {
      this.#index += negated ? 2 : 1;
      const opening = this.#token.position;
      this.#expect("(", 'IN needs a set such as ("a", "b")');
      const set = this.#parseList(`the set at position ${opening} is not closed; add ")"`);
      return { type: "in", position, operand: left, set, negated };
    }
    return this.#parseInfix(left, precedence);
  }

  #parseInfix(left: CesqlExpression, precedence: number): CesqlExpression | undefined {
    const { type, value, position } = this.#token;
    const found = type === "symbol" || type === "word" ? INFIX.get(value.toUpperCase()) : undefined;
    if (found === undefined || found.precedence <= precedence) return undefined;
    this.#index++;
    const right = this.#parseExpression(found.precedence);
    return { type: found.type, position, operator: found.operator, left, right } as CesqlExpression;
  }

  #parsePattern(): string {
    const token = this.#token;
    if (token.type !== "text") this.#fail(`LIKE needs a string literal as its pattern, found ${describe(token)}`);
    const { length } = token.value;
    if (length > PATTERN_LENGTH_MAX) {
      this.#fail(`the pattern has ${length} characters, more than ${PATTERN_LENGTH_MAX}; use a shorter one`);
    }
    this.#index++;
    return token.value;
  }

  #keywordAt(offset: number): string | undefined {
    const token = this.#tokens[Math.min(this.#index + offset, this.#tokens.length - 1)];
    return token.type === "word" ? token.value.toUpperCase() : undefined;
  }

  #takeSymbol(symbol: string): boolean {
    const found = this.#token.type === "symbol" && this.#token.value === symbol;
    if (found) this.#index++;
    return found;
  }

  #expect(symbol: string, reason: string): void {
    if (!this.#takeSymbol(symbol)) this.#fail(`${reason}, found ${describe(this.#token)}`);
  }

  #fail(reason: string, token: Token = this.#token): never {
    throw new CesqlSyntaxError({ expression: this.#expression, position: token.position, reason });
  }

  #failNesting(position: number): never {
    const reason = `the expression is nested more than ${NESTING_MAX} levels deep; split it, or use IN (…)`;
    throw new CesqlSyntaxError({ expression: this.#expression, position, reason });
  }
}

/** Height of the tree; without recursion, because a chain can be as long as the text allows. */
function levelsOf(root: CesqlExpression): number {
  let level = 0;
  for (let row: readonly CesqlExpression[] = [root]; row.length > 0; row = row.flatMap(childrenOf)) level++;
  return level;
}

function describe(token: Token): string {
  if (token.type === "end") return "the end";
  return token.type === "text" ? "a string" : `"${abbreviate(token.value)}"`;
}

function abbreviate(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}
