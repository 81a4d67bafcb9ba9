/** Judges a history of publishers, sinks and consumers by what a node promises; knows nothing of how a node works. */

import type { HistoryLine } from "./history.ts";

export type BrokenRule =
  /** Accepted, but not in the log. */
  | "LOST"
  /** More than once in the log. */
  | "REPEATED"
  /** In the log at another position than its receipt says, or with two receipts that differ. */
  | "MISPLACED"
  /** In the log, but nobody sent it. */
  | "INVENTED"
  /** Positions of the log are not 1, 2, 3 … */
  | "HOLE"
  /** In the log, but a sink that must get it never did. */
  | "UNDELIVERED"
  /** A sink got what is not in the log, or what it did not ask for. */
  | "UNWANTED"
  /** In the log, but no consumer ever got it. */
  | "UNPULLED"
  /** Pulled by a request that began after its acknowledgement had been answered. */
  | "RETURNED"
  /** Must end as a dead letter, but did not, or did more than once. */
  | "NOT_BURIED_ONCE"
  /** Nothing happened that could break a rule. */
  | "EMPTY";

export interface Violation {
  readonly rule: BrokenRule;
  /** The event, or where in the log. */
  readonly subject: string;
}

export interface Expectations {
  /** Sinks that must get what is in the log. */
  readonly sinks: readonly Expected[];
  /** Those that refuse some of it at every attempt: what must end as a dead letter. */
  readonly refusing: readonly Expected[];
  /** Whether consumers pull everything. */
  readonly pulls: boolean;
}

export interface Expected {
  readonly sink: string;
  /** Which events; by id. */
  readonly wants: (id: string) => boolean;
}

/** Every rule that the history breaks, each as often as it is broken. */
export function checkHistory(history: readonly HistoryLine[], expectations: Expectations): Violation[] {
  const log = linesOf(history, "logged");
  if (log.length === 0 || linesOf(history, "accepted").length === 0) return [{ rule: "EMPTY", subject: "history" }];
  return [
    ...checkLog(history, log),
    ...expectations.sinks.flatMap((expected) => checkSink(history, log, expected)),
    ...expectations.refusing.flatMap((expected) => checkDeadLetters(history, log, expected)),
    ...expectations.pulls ? checkPulls(history, log) : [],
  ];
}

type LineOf<T extends HistoryLine["type"]> = Extract<HistoryLine, { type: T }>;
type Logged = LineOf<"logged">;

function linesOf<T extends HistoryLine["type"]>(history: readonly HistoryLine[], type: T): LineOf<T>[] {
  return history.filter((line): line is LineOf<T> => line.type === type);
}

function checkLog(history: readonly HistoryLine[], log: readonly Logged[]): Violation[] {
  const violations: Violation[] = [];
  const sent = new Set(linesOf(history, "sent").map(({ id }) => id));
  const positions = new Map<string, number>();
  const taken = [...log, ...linesOf(history, "announced")].map(({ position }) => position).sort((a, b) => a - b);
  for (const [index, position] of taken.entries()) {
    if (position !== index + 1) violations.push({ rule: "HOLE", subject: `position ${position}` });
  }
  for (const { id, position } of log) {
    if (positions.has(id)) violations.push({ rule: "REPEATED", subject: id });
    if (!sent.has(id)) violations.push({ rule: "INVENTED", subject: id });
    positions.set(id, position);
  }
  for (const { id, position } of linesOf(history, "accepted")) {
    if (!positions.has(id)) violations.push({ rule: "LOST", subject: id });
    else if (positions.get(id) !== position) violations.push({ rule: "MISPLACED", subject: id });
  }
  return violations;
}

function checkSink(history: readonly HistoryLine[], log: readonly Logged[], { sink, wants }: Expected): Violation[] {
  const delivered = new Set(linesOf(history, "delivered").filter((line) => line.sink === sink).map(({ id }) => id));
  const wanted = new Set(log.map(({ id }) => id).filter(wants));
  return [
    ...[...wanted].filter((id) => !delivered.has(id)).map((subject) => ({ rule: "UNDELIVERED" as const, subject })),
    ...[...delivered].filter((id) => !wanted.has(id)).map((subject) => ({ rule: "UNWANTED" as const, subject })),
  ];
}

function checkDeadLetters(
  history: readonly HistoryLine[],
  log: readonly Logged[],
  { sink, wants }: Expected,
): Violation[] {
  const buried = new Map<string, number>();
  for (const line of linesOf(history, "deadLettered")) {
    if (line.sink === sink) buried.set(line.id, (buried.get(line.id) ?? 0) + 1);
  }
  return log.filter(({ id }) => (buried.get(id) ?? 0) !== (wants(id) ? 1 : 0))
    .map(({ id }) => ({ rule: "NOT_BURIED_ONCE", subject: id }));
}

function checkPulls(history: readonly HistoryLine[], log: readonly Logged[]): Violation[] {
  const violations: Violation[] = [];
  const acknowledged = new Map<string, number>();
  const pulled = new Set<string>();
  const begun = new Map<number, number>();
  for (const [index, line] of history.entries()) {
    if (line.type === "pulling") begun.set(line.request, index);
    if (line.type === "acknowledged") { for (const id of line.ids) acknowledged.set(id, index); }
    if (line.type !== "pulled") continue;
    const began = begun.get(line.request)!;
    for (const id of line.ids) {
      pulled.add(id);
      if ((acknowledged.get(id) ?? Infinity) < began) violations.push({ rule: "RETURNED", subject: id });
    }
  }
  for (const { id } of log) {
    if (!pulled.has(id)) violations.push({ rule: "UNPULLED", subject: id });
  }
  return violations;
}
