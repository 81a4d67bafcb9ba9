/**
 * Lets `deno test` run the very test files that `bun test` runs: the import map of deno.json points `bun:test` here.
 *
 * Each `it` becomes one `Deno.test`, so that both runtimes count the same tests. Hooks run as Bun runs them: `beforeAll`
 * before the first test of its group, `beforeEach` from the outside in, `afterEach` from the inside out.
 */

export { expect } from "./expect/expect.ts";

type Callback = () => unknown;

/** What a test may be given as third argument: its time limit in ms. */
export type TestOptions = number | { readonly timeout?: number };

interface Suite {
  readonly name: string;
  readonly parent: Suite | undefined;
  readonly skipped: boolean;
  readonly hooks: Record<"beforeAll" | "beforeEach" | "afterEach" | "afterAll", Callback[]>;
  /** Tests of this suite and the suites in it that have yet to run; at 0 its `afterAll` hooks are due. */
  remaining: number;
  begun: boolean;
}

interface DenoTests {
  (definition: {
    name: string;
    ignore: boolean;
    sanitizeOps: boolean;
    sanitizeResources: boolean;
    sanitizeExit: boolean;
    fn: () => Promise<void>;
  }): void;
}

// Bun's own default, so that a test that is too slow for one runtime is too slow for the other.
let defaultTimeoutMs = 5_000;
let current: Suite = createSuite("", undefined, false);

/** Groups tests; groups nest. */
export const describe = Object.assign(
  (name: string, define: Callback): void => defineSuite(name, define, false),
  {
    skip: (name: string, define: Callback): void => defineSuite(name, define, true),
    skipIf: (condition: boolean) => (name: string, define: Callback): void => defineSuite(name, define, condition),
    if: (condition: boolean) => (name: string, define: Callback): void => defineSuite(name, define, !condition),
    each: <Row>(rows: readonly Row[]) => (name: string, define: (...args: never[]) => unknown): void =>
      rows.forEach((row, index) => defineSuite(titleOf(name, row, index), () => define(...argumentsOf(row)), false)),
  },
);

/** One test. */
export const it = Object.assign(
  (name: string, run: Callback, options?: TestOptions): void => defineTest(name, run, options, false),
  {
    skip: (name: string, run?: Callback, options?: TestOptions): void => defineTest(name, run, options, true),
    skipIf: (condition: boolean) => (name: string, run: Callback, options?: TestOptions): void =>
      defineTest(name, run, options, condition),
    if: (condition: boolean) => (name: string, run: Callback, options?: TestOptions): void =>
      defineTest(name, run, options, !condition),
    each:
      <Row>(rows: readonly Row[]) => (name: string, run: (...args: never[]) => unknown, options?: TestOptions): void =>
        rows.forEach((row, index) =>
          defineTest(titleOf(name, row, index), () => run(...argumentsOf(row)), options, false)
        ),
  },
);

export const test = it;

export function beforeAll(hook: Callback): void {
  current.hooks.beforeAll.push(hook);
}

export function beforeEach(hook: Callback): void {
  current.hooks.beforeEach.push(hook);
}

export function afterEach(hook: Callback): void {
  current.hooks.afterEach.push(hook);
}

export function afterAll(hook: Callback): void {
  current.hooks.afterAll.push(hook);
}

/** Time limit in ms of the tests defined after this call. */
export function setDefaultTimeout(timeoutMs: number): void {
  defaultTimeoutMs = timeoutMs;
}

function createSuite(name: string, parent: Suite | undefined, skipped: boolean): Suite {
  const hooks = { beforeAll: [], beforeEach: [], afterEach: [], afterAll: [] };
  return { name, parent, skipped: skipped || parent?.skipped === true, hooks, remaining: 0, begun: false };
}

function defineSuite(name: string, define: Callback, skipped: boolean): void {
  const outer = current;
  current = createSuite(name, outer, skipped);
  try {
    const result = define();
    if (result instanceof Promise) {
      throw new TypeError(
        `Cannot define "${name}": its callback is asynchronous; load what it needs before describe()`,
      );
    }
  } finally {
    current = outer;
  }
}

function defineTest(name: string, run: Callback | undefined, options: TestOptions | undefined, skipped: boolean): void {
  const suite = current;
  const path = pathOf(suite);
  const ignore = skipped || suite.skipped;
  const timeoutMs = (typeof options === "number" ? options : options?.timeout) ?? defaultTimeoutMs;
  if (!ignore) path.forEach((each) => each.remaining++);
  denoTest()({
    name: [...path.map((each) => each.name).filter(Boolean), name].join(" > "),
    ignore,
    // Bun has no sanitizers: a test that passes on one runtime must not fail on the other for want of them.
    sanitizeOps: false,
    sanitizeResources: false,
    sanitizeExit: true,
    fn: () => runTest(path, run ?? (() => {}), timeoutMs),
  });
}

async function runTest(path: readonly Suite[], run: Callback, timeoutMs: number): Promise<void> {
  const failures: unknown[] = [];
  const attempt = async (callback: Callback) => {
    try {
      await callback();
    } catch (error) {
      failures.push(error);
    }
  };
  for (const suite of path) await begin(suite, attempt);
  for (const suite of path) for (const hook of suite.hooks.beforeEach) await attempt(hook);
  if (failures.length === 0) await attempt(() => withinTime(run, timeoutMs));
  for (const suite of path.toReversed()) for (const hook of suite.hooks.afterEach) await attempt(hook);
  for (const suite of path.toReversed()) await end(suite, attempt);
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new AggregateError(failures, failures.map(String).join("\n"));
}

async function begin(suite: Suite, attempt: (callback: Callback) => Promise<void>): Promise<void> {
  if (suite.begun) return;
  suite.begun = true;
  for (const hook of suite.hooks.beforeAll) await attempt(hook);
}

async function end(suite: Suite, attempt: (callback: Callback) => Promise<void>): Promise<void> {
  suite.remaining--;
  if (suite.remaining > 0) return;
  for (const hook of suite.hooks.afterAll) await attempt(hook);
}

async function withinTime(run: Callback, timeoutMs: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`this test timed out after ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    await Promise.race([run(), late]);
  } finally {
    clearTimeout(timer);
  }
}

function pathOf(suite: Suite): readonly Suite[] {
  return suite.parent === undefined ? [suite] : [...pathOf(suite.parent), suite];
}

function argumentsOf(row: unknown): never[] {
  return (Array.isArray(row) ? row : [row]) as never[];
}

/** Fills `%s`, `%d`, `%i`, `%j`, `%p`, `%o` from the row and `%#` with its number, as Bun does. */
function titleOf(name: string, row: unknown, index: number): string {
  const values = [...argumentsOf(row)] as unknown[];
  return name.replace(/%([sdijpo#%])/g, (_, kind: string) => {
    if (kind === "%") return "%";
    if (kind === "#") return String(index);
    const value = values.shift();
    return kind === "j" || kind === "p" || kind === "o" ? JSON.stringify(value) : String(value);
  });
}

function denoTest(): DenoTests {
  const { Deno: deno } = globalThis as { Deno?: { test: DenoTests } };
  if (deno === undefined) {
    throw new Error("Cannot define a test: this adapter is for Deno; run these tests by bun test");
  }
  return deno.test;
}
