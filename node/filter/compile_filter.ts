/** The filter dialects of the CloudEvents Subscriptions API (§3.2.4.1): `exact prefix suffix all any not sql`. */

import type { AttributeValue, CloudEvent, EventAttributes } from "../event.ts";
import { CesqlSyntaxError, compileCesql, parseCesql } from "./cesql/mod.ts";
import { FilterError } from "./filter_error.ts";

/** Why an event is not wanted. */
export interface FilterStop {
  /** Path of the first filter that stopped it, such as `filters[0].any[1].sql`. */
  readonly path: string;
  readonly detail: string;
}

export interface CompiledFilter {
  /** Whether the event passes. Never throws; an expression that ends in an error does not pass. */
  accepts(event: CloudEvent): boolean;
  /** What stops the event; `undefined` if nothing does. */
  explain(event: CloudEvent): FilterStop | undefined;
}

/** Comparisons and other filters in one subscription, and levels of `all`, `any` and `not`: bound what one event may cost. */
const FILTERS_MAX = 256;
const NESTING_MAX = 16;

/** Characters of an attribute or expression that an explanation quotes: 256 of them still make a short answer. */
const QUOTED_CHARACTERS_MAX = 120;

const DIALECTS = ["exact", "prefix", "suffix", "all", "any", "not", "sql"] as const;
type Dialect = typeof DIALECTS[number];

/**
 * Compiles the `filters` of a subscription: all of them must hold. `path` is where they stand in the request.
 * Throws `FilterError` for an unknown dialect, a bad expression, and an empty `exact`, `prefix`, `suffix`, `all` or `any`.
 */
export function compileFilter(filters: unknown, path: string): CompiledFilter {
  const compiler = new Compiler();
  if (!Array.isArray(filters)) throw new FilterError(path, 'it is a list of filters, such as [{ "exact": { … } }]');
  return toFilter(allOf(filters.map((filter, i) => compiler.compile(filter, `${path}[${i}]`, 1))));
}

/** One filter of the tree: asked on the attributes alone. */
interface Test {
  readonly holds: (attributes: EventAttributes) => boolean;
  /** Called when it does not hold. */
  readonly explain: (attributes: EventAttributes) => FilterStop;
}

function toFilter(test: Test): CompiledFilter {
  return {
    accepts: ({ attributes }) => test.holds(attributes),
    explain: ({ attributes }) => test.holds(attributes) ? undefined : test.explain(attributes),
  };
}

class Compiler {
  #count = 0;

  compile(filter: unknown, path: string, level: number): Test {
    this.#countOne(path);
    if (level > NESTING_MAX) {
      throw new FilterError(path, `nested more than ${NESTING_MAX} levels deep; use one sql filter`);
    }
    const [dialect, value] = onlyMember(filter, path);
    const at = `${path}.${dialect}`;
    switch (dialect) {
      case "exact":
        return allOf(this.#texts(value, at, (text, wanted) => text === wanted, "is not"));
      case "prefix":
        return allOf(this.#texts(value, at, (text, wanted) => text.startsWith(wanted), "does not begin with"));
      case "suffix":
        return allOf(this.#texts(value, at, (text, wanted) => text.endsWith(wanted), "does not end with"));
      case "all":
        return allOf(this.#list(value, at, level));
      case "any":
        return anyOf(this.#list(value, at, level), at);
      case "not":
        return not(this.compile(value, at, level + 1), at);
      case "sql":
        return sql(value, at);
      default:
        return dialect satisfies never;
    }
  }

  #countOne(path: string): void {
    if (++this.#count <= FILTERS_MAX) return;
    throw new FilterError(path, `more than ${FILTERS_MAX} filters and comparisons; use one sql filter with IN (…)`);
  }

  #list(value: unknown, path: string, level: number): Test[] {
    if (!Array.isArray(value) || value.length === 0) throw new FilterError(path, "it is a list of at least one filter");
    return value.map((filter, i) => this.compile(filter, `${path}[${i}]`, level + 1));
  }

  #texts(
    value: unknown,
    path: string,
    holds: (text: string, wanted: string) => boolean,
    failure: string,
  ): Test[] {
    const entries = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
    if (entries.length === 0) throw new FilterError(path, "it names at least one attribute and a text to compare with");
    return entries.map(([name, wanted], index) => {
      if (index > 0) this.#countOne(`${path}.${name}`); // the first was counted with the filter
      if (!/^[a-z0-9]+$/.test(name)) {
        throw new FilterError(path, `"${name}" is no attribute name; those have lower-case letters and digits`);
      }
      if (typeof wanted !== "string" || wanted === "") {
        throw new FilterError(`${path}.${name}`, "it is compared with a text that is not empty");
      }
      return textTest(name, wanted, `${path}.${name}`, holds, failure);
    });
  }
}

function textTest(
  name: string,
  wanted: string,
  path: string,
  compare: (text: string, wanted: string) => boolean,
  failure: string,
): Test {
  return {
    holds: (attributes) => {
      const value = attributes[name];
      return value !== undefined && compare(canonical(value), wanted);
    },
    explain: (attributes) => {
      const value = attributes[name] as AttributeValue | undefined;
      const detail = value === undefined
        ? `the event has no attribute "${name}"`
        : `attribute "${name}" is "${abbreviate(canonical(value))}", which ${failure} "${abbreviate(wanted)}"`;
      return { path, detail };
    },
  };
}

/** CloudEvents 1.0 §2: the canonical string form of a Boolean is `true` or `false`, of an Integer its decimals. */
function canonical(value: AttributeValue): string {
  return typeof value === "string" ? value : String(value);
}

function abbreviate(text: string): string {
  return text.length <= QUOTED_CHARACTERS_MAX ? text : `${text.slice(0, QUOTED_CHARACTERS_MAX)}…`;
}

function allOf(tests: readonly Test[]): Test {
  if (tests.length === 1) return tests[0];
  return {
    holds: (attributes) => {
      for (const test of tests) if (!test.holds(attributes)) return false;
      return true;
    },
    explain: (attributes) => tests.find((test) => !test.holds(attributes))!.explain(attributes),
  };
}

function anyOf(tests: readonly Test[], path: string): Test {
  return {
    holds: (attributes) => {
      for (const test of tests) if (test.holds(attributes)) return true;
      return false;
    },
    explain: (attributes) => {
      const details = tests.map((test) => test.explain(attributes).detail);
      return { path, detail: `none of ${tests.length} holds: ${details.join("; ")}` };
    },
  };
}

function not(test: Test, path: string): Test {
  return {
    holds: (attributes) => !test.holds(attributes),
    explain: () => ({ path, detail: "the filter that must not hold does" }),
  };
}

function sql(value: unknown, path: string): Test {
  if (typeof value !== "string" || value.trim() === "") {
    throw new FilterError(path, "it is a CESQL expression such as \"type = 'order.placed'\"");
  }
  const compiled = compileSql(value, path);
  return {
    holds: (attributes) => compiled.matches(attributes),
    explain: (attributes) => {
      const { error, value: result } = compiled.evaluate(attributes);
      const quoted = `"${abbreviate(value)}"`;
      return {
        path,
        detail: error === undefined ? `${quoted} is ${describe(result)}` : `${quoted} fails: ${error.message}`,
      };
    },
  };
}

/** Why a value without an error does not pass: it is `false`, or no Boolean at all. */
function describe(result: AttributeValue): string {
  return typeof result === "boolean" ? String(result) : `"${abbreviate(canonical(result))}", which is no Boolean`;
}

function compileSql(expression: string, path: string) {
  try {
    const compiled = compileCesql(parseCesql(expression));
    const [missing] = compiled.missingFunctions;
    if (missing === undefined) return compiled;
    const { name, parameterCount, position } = missing;
    throw new FilterError(path, `there is no function ${name} with ${parameterCount} parameters`, position);
  } catch (error) {
    if (!(error instanceof CesqlSyntaxError)) throw error;
    throw new FilterError(path, `${error.reason} (position ${error.position})`, error.position, error);
  }
}

function onlyMember(filter: unknown, path: string): [Dialect, unknown] {
  const entries = typeof filter === "object" && filter !== null && !Array.isArray(filter) ? Object.entries(filter) : [];
  if (entries.length !== 1) {
    throw new FilterError(path, `it is an object with one member, the dialect: ${DIALECTS.join(", ")}`);
  }
  const [[dialect, value]] = entries;
  if ((DIALECTS as readonly string[]).includes(dialect)) return [dialect as Dialect, value];
  throw new FilterError(path, `there is no dialect "${dialect}"; use one of ${DIALECTS.join(", ")}`);
}
