/** The checker of histories finds what it is for: each rule is broken once, and only that rule is reported. */

import { describe, expect, it } from "bun:test";
import { join } from "node:path";

import { type BrokenRule, checkHistory, type Expectations } from "./checker.ts";
import { History, type HistoryLine, readHistory } from "./history.ts";
import { tempDir } from "./temp_dir.ts";

const everything: Expectations = {
  sinks: [{ sink: "audit", wants: () => true }],
  refusing: [{ sink: "doomed", wants: (id) => id === "a" }],
  pulls: true,
};

/** Two events, delivered twice each as "at least once" allows, pulled, acknowledged, and one of them buried. */
function goodHistory(): HistoryLine[] {
  return [
    { type: "sent", id: "a" },
    { type: "sent", id: "b" },
    { type: "accepted", id: "a", position: 1, duplicate: false },
    { type: "delivered", sink: "audit", id: "a" },
    { type: "killed", inFlight: 1 },
    { type: "delivered", sink: "audit", id: "a" },
    { type: "accepted", id: "b", position: 2, duplicate: true },
    { type: "delivered", sink: "audit", id: "b" },
    { type: "pulling", request: 1 },
    { type: "pulled", request: 1, ids: ["a"] },
    { type: "pulling", request: 2 },
    { type: "acknowledged", ids: ["a"] },
    { type: "pulled", request: 2, ids: ["a", "b"] },
    { type: "acknowledged", ids: ["b"] },
    { type: "deadLettered", sink: "doomed", id: "a" },
    { type: "logged", position: 1, id: "a" },
    { type: "logged", position: 2, id: "b" },
    { type: "announced", position: 3 },
  ];
}

const isLogged = (id: string) => (line: HistoryLine) => line.type === "logged" && line.id === id;
const without = (test: (line: HistoryLine) => boolean) => goodHistory().filter((line) => !test(line));

const badHistories: Readonly<Record<BrokenRule, readonly HistoryLine[]>> = {
  LOST: without(isLogged("b")),
  REPEATED: [...goodHistory(), { type: "logged", position: 4, id: "b" }, {
    type: "accepted",
    id: "b",
    position: 4,
    duplicate: false,
  }],
  MISPLACED: [...goodHistory(), { type: "accepted", id: "a", position: 2, duplicate: true }],
  INVENTED: without((line) => line.type === "sent" && line.id === "b"),
  HOLE: without((line) => line.type === "announced").concat({ type: "announced", position: 4 }),
  UNDELIVERED: without((line) => line.type === "delivered" && line.id === "b"),
  UNWANTED: [...goodHistory(), { type: "delivered", sink: "audit", id: "c" }],
  UNPULLED: without((line) => line.type === "pulled" && line.ids.includes("b")),
  RETURNED: [...goodHistory(), { type: "pulling", request: 3 }, { type: "pulled", request: 3, ids: ["b"] }],
  NOT_BURIED_ONCE: [...goodHistory(), { type: "deadLettered", sink: "doomed", id: "a" }],
  EMPTY: [],
};

describe("checkHistory()", () => {
  it("finds nothing wrong with a good history", () => {
    expect(checkHistory(goodHistory(), everything)).toEqual([]);
  });

  for (const [rule, history] of Object.entries(badHistories)) {
    it(`finds a history that breaks ${rule}`, () => {
      const rules = checkHistory(history, everything).map((violation) => violation.rule);
      expect(rules).toContain(rule);
    });
  }

  it("finds a dead letter that is missing, and one that should not be", () => {
    const missing = without((line) => line.type === "deadLettered");
    expect(checkHistory(missing, everything)).toEqual([{ rule: "NOT_BURIED_ONCE", subject: "a" }]);
    const unwanted: HistoryLine[] = [...goodHistory(), { type: "deadLettered", sink: "doomed", id: "b" }];
    expect(checkHistory(unwanted, everything)).toEqual([{ rule: "NOT_BURIED_ONCE", subject: "b" }]);
  });

  it("allows a pull that was under way when the acknowledgement was answered", () => {
    expect(checkHistory(goodHistory(), everything).filter(({ rule }) => rule === "RETURNED")).toEqual([]);
  });
});

describe("History", () => {
  it("is read back from its file as it was", () => {
    using dir = tempDir();
    const history = new History();
    for (const line of goodHistory()) history.add(line);
    history.save(join(dir.path, "history.jsonl"));
    expect(readHistory(join(dir.path, "history.jsonl"))).toEqual(goodHistory());
  });
});
