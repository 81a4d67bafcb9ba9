/** What a match costs among a million patterns, in time and memory, at rest and while patterns come and go. */

import process from "node:process";

import { Matcher } from "../../node/matcher/mod.ts";

/** One line of the benchmark's answer. */
export interface Figure {
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  /** What the design asks for, in words; empty when the figure only explains another. */
  readonly aim: string;
}

const PATTERNS = 1_000_000;
const TOPICS = 200_000;
const SEED = 20_240_501;
/** Matches timed together: long enough for the clock, short enough for a median. */
const BATCH = 1000;
/** Time over which patterns come and go, and how fast. */
const CHURN_MS = 3000;
const CHURN_PER_SECOND = 10_000;
const CHURN_BATCH = 100;

/** Places of wildcards in the fifth of patterns that have some; with the four plain lengths 20 shapes. */
const WILDCARD_FORMS = [
  "xxx*",
  "xx*x",
  "x*xx",
  "*xxx",
  "xxx>",
  "xxxx*",
  "xx*xx",
  "x*x*x",
  "xxxx>",
  "x*xx>",
  "xxxxx*",
  "xx*xxx",
  "xxxxx>",
  "xx*xx>",
  "xxx*xxx",
  "xxxxxx>",
];
const LENGTHS = [4, 5, 6, 7];

/** Builds the mix and measures it; takes about 15 s and 200 MB. */
export async function benchMatcher(): Promise<Figure[]> {
  const mix = new Mix(SEED);
  const topics = Array.from({ length: TOPICS }, () => mix.topic(PATTERNS));
  const targets = Array.from({ length: 1000 }, (_, n) => ({ n }));
  // Strings are made anew for each use; making them once first lets the heap reach its size before it is measured.
  let characters = 0;
  for (let n = 0; n < PATTERNS; n++) characters += mix.pattern(n).length;

  warmUp(mix);

  const before = await residentBytes();
  const matcher = new Matcher<{ n: number }>({ seed: SEED });
  let worstBuildMs = 0;
  for (let n = 0; n < PATTERNS; n++) {
    const pattern = mix.pattern(n);
    const start = performance.now();
    matcher.add(pattern, targets[n % targets.length]);
    worstBuildMs = Math.max(worstBuildMs, performance.now() - start);
  }
  const grown = await residentBytes() - before;

  const held = matcher.bytes;
  const patternCount = matcher.patternCount;
  const rest = matchAll(matcher, topics);
  const churn = matchWhileChanging(matcher, topics, mix);
  return [
    { figure: "patterns", value: patternCount, unit: "patterns", aim: "" },
    { figure: "mean length", value: characters / PATTERNS, unit: "characters", aim: "" },
    { figure: "mean hits", value: rest.hits, unit: "targets/match", aim: "" },
    { figure: "match, median", value: rest.median, unit: "ns", aim: "≤ 1000" },
    { figure: "match, mean", value: rest.mean, unit: "ns", aim: "≤ 1000" },
    { figure: "memory, held in arrays", value: held / PATTERNS, unit: "bytes/pattern", aim: "≤ 64" },
    residentFigure(grown / PATTERNS),
    { figure: "match while 10 k/s come and go", value: churn.mean, unit: "ns", aim: "≤ 1000" },
    { figure: "changes in that time", value: churn.changesPerSecond, unit: "adds + removes/s", aim: "20000" },
    { figure: "add or remove, mean", value: churn.changeMean, unit: "ns", aim: "" },
    // The worst cases include the pauses of the collector and of the machine.
    { figure: "add or remove, worst", value: churn.changeWorstMs, unit: "ms", aim: "≤ 5" },
    { figure: "add while growing, worst", value: worstBuildMs, unit: "ms", aim: "≤ 5" },
  ];
}

/** Has the engine compile everything with few patterns, so that compiled code is not taken for memory of the patterns. */
function warmUp(mix: Mix): void {
  const matcher = new Matcher<number>({ seed: SEED });
  for (let round = 0; round < 5; round++) {
    for (let n = 0; n < 20_000; n++) matcher.add(mix.pattern(n), n);
    for (let n = 0; n < 20_000; n++) matcher.match(mix.topic(20_000));
    for (let n = 0; n < 20_000; n++) matcher.remove(mix.pattern(n), n);
  }
}

/** Patterns and topics by number, the same for the same seed. */
class Mix {
  readonly #seed: number;
  #topics = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Pattern n: four in five plain, one in five with wildcards; numbers below a million give different ones. */
  pattern(n: number): string {
    const random = this.#random(n);
    const wild = n % 5 === 0;
    const form = wild ? WILDCARD_FORMS[(n / 5) % WILDCARD_FORMS.length] : "x".repeat(LENGTHS[n % LENGTHS.length]);
    return this.#text(form, n, random);
  }

  /** A topic: half of them fit some pattern, the others are as random as patterns are. */
  topic(patterns: number): string {
    const random = this.#random(-1 - this.#topics++);
    const n = Math.floor(random() * patterns);
    if (this.#topics % 2 === 0) return this.pattern(n).replaceAll("*", "any").replace(">", "rest");
    return this.#text("x".repeat(LENGTHS[n % LENGTHS.length]), patterns + n, random);
  }

  /** Words that repeat, as in real names, and one that makes the text unique. */
  #text(form: string, n: number, random: () => number): string {
    const unique = form.indexOf("x", 1);
    return [...form].map((place, i) => {
      if (place !== "x") return place;
      return i === unique ? n.toString(36) : WORDS[Math.floor(random() * WORDS.length)];
    }).join(".");
  }

  /** Mulberry32, seeded by number. */
  #random(n: number): () => number {
    let state = Math.imul(this.#seed ^ n, 0x9e3779b1);
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), state | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
  }
}

/** Tokens of 3 to 7 characters: 200 of them. */
const WORDS = Array.from({ length: 200 }, (_, n) => {
  const letters = "etaoinshrdlucm";
  const size = 2 + n % 5;
  return Array.from({ length: size }, (_, i) => letters[(n * (i + 3) + (n >> i)) % letters.length]).join("") + n % 10;
});

function matchAll(matcher: Matcher<{ n: number }>, topics: readonly string[]) {
  const found: { n: number }[] = [];
  const batches: number[] = [];
  let hits = 0;
  // The first round warms up; the second is measured.
  for (let round = 0; round < 2; round++) {
    batches.length = 0;
    hits = 0;
    for (let from = 0; from < topics.length; from += BATCH) {
      readThrough(topics, from, BATCH);
      const start = performance.now();
      for (let i = from; i < from + BATCH; i++) {
        found.length = 0;
        matcher.match(topics[i], found);
        hits += found.length;
      }
      batches.push((performance.now() - start) * 1e6 / BATCH);
    }
  }
  const mean = batches.reduce((sum, ns) => sum + ns, 0) / batches.length;
  return { median: batches.sort((a, b) => a - b)[batches.length >> 1], mean, hits: hits / topics.length };
}

/** Reads a batch of topics, which a node would have just decoded, so that fetching them is not what is measured. */
function readThrough(topics: readonly string[], from: number, count: number): number {
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += topics[i].charCodeAt(0) + topics[i].charCodeAt(topics[i].length - 1);
  return sum;
}

/** Matches on, and after each batch adds and removes as many patterns as the time that has gone by asks for. */
function matchWhileChanging(matcher: Matcher<{ n: number }>, topics: readonly string[], mix: Mix) {
  const target = { n: -1 };
  const found: { n: number }[] = [];
  let changes = 0;
  let changeMs = 0;
  let changeWorstMs = 0;
  let matchMs = 0;
  let matches = 0;
  const change = (apply: (pattern: string) => void, n: number) => {
    const pattern = mix.pattern(n);
    const start = performance.now();
    apply(pattern);
    const ms = performance.now() - start;
    changes++;
    changeMs += ms;
    changeWorstMs = Math.max(changeWorstMs, ms);
  };
  const begin = performance.now();
  while (performance.now() - begin < CHURN_MS) {
    const from = matches % topics.length;
    readThrough(topics, from, CHURN_BATCH);
    const start = performance.now();
    for (let i = from; i < from + CHURN_BATCH; i++) {
      found.length = 0;
      matcher.match(topics[i], found);
    }
    matchMs += performance.now() - start;
    matches += CHURN_BATCH;
    const due = (performance.now() - begin) / 1000 * CHURN_PER_SECOND * 2;
    while (changes < due) {
      const n = changes >> 1;
      if (changes % 2 === 0) change((pattern) => matcher.add(pattern, target), PATTERNS + n);
      // What was added a thousand patterns ago; at first there is nothing, and a removal that finds nothing.
      else change((pattern) => matcher.remove(pattern, target), PATTERNS + Math.max(0, n - 1000));
    }
  }
  return {
    mean: matchMs * 1e6 / matches,
    changesPerSecond: changes / ((performance.now() - begin) / 1000),
    changeMean: changeMs * 1e6 / changes,
    changeWorstMs,
  };
}

/** Without the collector the figure has its leavings in it, and says nothing about the aim. */
function residentFigure(value: number): Figure {
  const measured = "gc" in globalThis;
  const figure = measured ? "memory, resident" : "memory, resident, without --expose-gc";
  return { figure, value, unit: "bytes/pattern", aim: measured ? "≤ 64" : "" };
}

/** Resident memory, after the collector has run where it can be called (both runtimes: `--expose-gc`). */
async function residentBytes(): Promise<number> {
  const { gc } = globalThis as { gc?: () => void };
  for (let i = 0; i < 3; i++) {
    gc?.();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return process.memoryUsage().rss;
}

if (import.meta.main) {
  for (const { figure, value, unit, aim } of await benchMatcher()) {
    const shown = value >= 100 ? Math.round(value).toString() : value.toFixed(2);
    console.log(`${figure.padEnd(38)} ${shown.padStart(9)} ${unit}${aim === "" ? "" : `  (aim ${aim})`}`);
  }
}
