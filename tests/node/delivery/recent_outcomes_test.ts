import { describe, expect, it } from "bun:test";

import { type Attempt, RecentOutcomes } from "../../../node/delivery/recent_outcomes.ts";

function anAttempt(overrides: Partial<Attempt> = {}): Omit<Attempt, "at"> {
  return { subscription: "billing", position: 1, attempt: 1, outcome: "retry", detail: "503", ...overrides };
}

describe("RecentOutcomes", () => {
  it("finds the attempts at an event in the order of time", () => {
    let wall = 1000;
    const outcomes = new RecentOutcomes(() => wall++);
    outcomes.note(anAttempt());
    outcomes.note(anAttempt({ position: 2 }));
    outcomes.note(anAttempt({ attempt: 2, outcome: "acknowledged", detail: "pushed" }));
    expect(outcomes.find(1).map(({ attempt, at, outcome }) => `${attempt} ${outcome} ${at}`)).toEqual([
      "1 retry 1000",
      "2 acknowledged 1002",
    ]);
    expect(outcomes.find(3)).toEqual([]);
  });

  it("forgets the oldest, and keeps the order where the ring begins anew", () => {
    const outcomes = new RecentOutcomes(() => 0, 3);
    for (let attempt = 1; attempt <= 5; attempt++) outcomes.note(anAttempt({ attempt }));
    expect(outcomes.find(1).map(({ attempt }) => attempt)).toEqual([3, 4, 5]);
  });

  it("keeps the beginning of what is said at length", () => {
    const outcomes = new RecentOutcomes(() => 0, 3);
    outcomes.note(anAttempt({ detail: `503 ${"x".repeat(5000)}` }));
    expect(outcomes.find(1)[0].detail).toBe(`503 ${"x".repeat(196)}`);
  });
});
