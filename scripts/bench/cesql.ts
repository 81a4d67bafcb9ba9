/** How many events a CESQL filter decides in a second, and what compiling one costs. */

import { compileCesql, type CompiledCesql, parseCesql } from "../../node/filter/cesql/mod.ts";

/** One line of the benchmark's answer. */
export interface Figure {
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  /** What the design asks for, in words; empty when the figure only explains another. */
  readonly aim: string;
}

/** The filter of the aim, the same by hand as its upper bound, and what else filters do. */
const AIMED = "type = 'a' AND subject LIKE 'eu-%'";
const OTHERS = [
  "EXISTS subject AND subject NOT LIKE '%-paris'",
  "subject LIKE '%-b%_n-%'",
  "amount > 100 OR region = 'eu'",
  "type IN ('x', 'y', 'a')",
  "amount % 10 + 1 = 5",
  "LENGTH(subject) > 12",
  "LOWER(subject) = 'eu-berlin-7'",
];

type Attributes = Readonly<Record<string, string | number>> & { readonly type: string; readonly subject: string };

/** Time of one round of a measurement, and rounds of which the best counts: the machine is shared. */
const ROUND_MS = 200;
const ROUNDS = 5;
const EVENTS = 1_024;

/** Measures for some 12 s. */
export async function benchCesql(): Promise<Figure[]> {
  const events = createEvents();
  const aimed = compile(AIMED);
  const first = measure(events, (event) => aimed.matches(event));
  const compilation = measure(events, (event) => compile(`${AIMED} OR id = '${event.id}'`));
  return [
    figureOf(AIMED, first, "≥ 1000000"),
    { figure: "events that match", value: first.trueShare * 100, unit: "%", aim: "" },
    figureOf("the same by hand", measure(events, matchByHand)),
    figureOf("the same with its value and error", measure(events, (event) => aimed.evaluate(event).value)),
    ...OTHERS.map((expression) => {
      const compiled = compile(expression);
      return figureOf(expression, measure(events, (event) => compiled.matches(event)));
    }),
    { figure: "parse and compile", value: 1e6 / compilation.perSecond, unit: "µs", aim: "" },
  ];
}

function figureOf(figure: string, { perSecond }: Measurement, aim = ""): Figure {
  return { figure, value: perSecond, unit: "evaluations/s", aim };
}

function compile(expression: string): CompiledCesql {
  return compileCesql(parseCesql(expression));
}

function matchByHand({ type, subject }: Attributes): boolean {
  return type === "a" && subject.startsWith("eu-");
}

/** Half of the events are of the type, half of those have the subject: no branch is always the same. */
function createEvents(): readonly Attributes[] {
  return Array.from({ length: EVENTS }, (_, n): Attributes =>
    Object.assign(Object.create(null), {
      specversion: "1.0",
      id: `event-${n}`,
      source: "/shops/alice",
      // Sliced, so that it is not the very string of the expression, as it is not in a decoded event.
      type: `-${"ab"[n % 2]}`.slice(1),
      subject: `${n % 4 < 2 ? "eu" : "us"}-berlin-${n % 16}`,
      amount: n,
    }));
}

interface Measurement {
  /** Calls in a second, the best round. */
  readonly perSecond: number;
  /** Calls that returned `true`; counting them also keeps the engine from leaving out calls without effect. */
  readonly trueShare: number;
}

function measure(events: readonly Attributes[], call: (event: Attributes) => unknown): Measurement {
  let perSecond = 0;
  let allCalls = 0;
  let trueCount = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    let calls = 0;
    do {
      for (const event of events) if (call(event) === true) trueCount++;
      calls += events.length;
    } while (performance.now() - start < ROUND_MS);
    perSecond = Math.max(perSecond, calls * 1000 / (performance.now() - start));
    allCalls += calls;
  }
  return { perSecond, trueShare: trueCount / allCalls };
}

if (import.meta.main) {
  for (const { figure, value, unit, aim } of await benchCesql()) {
    const shown = value >= 100 ? Math.round(value).toString() : value.toFixed(2);
    console.log(`${figure.padEnd(48)} ${shown.padStart(11)} ${unit}${aim === "" ? "" : `  (aim ${aim})`}`);
  }
}
