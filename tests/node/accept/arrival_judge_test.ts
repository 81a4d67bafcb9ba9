import { describe, expect, it } from "bun:test";

import { type ArrivalVerdict, type Arrived, encodeRecord } from "../../../node/mod.ts";
import { anEvent } from "../../support/events.ts";
import { arrive, IN_TRANSIT } from "../../support/foreign_events.ts";
import { openTestNode, type TestNode } from "../../support/test_node.ts";

function arrived(id: string, place: Partial<Arrived> = {}): Arrived {
  const record = encodeRecord({ event: anEvent({ id, data: "{}" }), topic: "order.placed", ttlMs: 0 });
  return { origin: "bonn", epoch: 9, sequence: 1, record, ...place };
}

/** The verdicts, and whether they came at once. */
async function judge(
  { node }: TestNode,
  ...arrivals: Arrived[]
): Promise<{ verdicts: readonly ArrivalVerdict[]; atOnce: boolean }> {
  let atOnce = true;
  const verdicts = await new Promise<readonly ArrivalVerdict[]>((resolve) => {
    let told: readonly ArrivalVerdict[] | undefined;
    node.judge(arrivals, (verdicts, settle) => {
      settle();
      resolve(told = verdicts);
    });
    atOnce = told !== undefined;
  });
  return { verdicts, atOnce };
}

describe("WeftNode.judge()", () => {
  it("knows at once that nothing like it was published", async () => {
    await using fixture = await openTestNode();
    await fixture.publish({ id: "1" });
    const answer = await judge(fixture, arrived("2"), arrived("3", { sequence: 2 }));
    expect(answer).toEqual({ verdicts: ["new", "new"], atOnce: true });
    expect(await judge(fixture)).toEqual({ verdicts: [], atOnce: true });
  });

  it("notes the hash that the store knows an event by", async () => {
    await using fixture = await openTestNode();
    const arrivals = [arrived("1"), arrived("2"), arrived("1", { sequence: 3 })];
    await judge(fixture, ...arrivals);
    const [first, second, third] = arrivals.map(({ idHash }) => idHash);
    expect(first).toBeDefined();
    expect(third).toEqual(first);
    expect(second).not.toEqual(first);
  });

  it("finds what was published here, and what came from another cluster", async () => {
    await using fixture = await openTestNode();
    await fixture.publish({ id: "1" });
    await arrive(fixture, { id: "2", audience: { ungrouped: false, groups: ["billing"] } });
    const { verdicts } = await judge(fixture, arrived("1"), arrived("2"), arrived("3"));
    expect(verdicts).toEqual(["repeat", "repeat", "new"]);
  });

  it("finds it after a restart, too", async () => {
    await using fixture = await openTestNode();
    await arrive(fixture, { id: "1" });
    await fixture.crash();
    expect((await judge(fixture, arrived("1"))).verdicts).toEqual(["repeat"]);
  });

  it("finds what is on its way into the store, if it gets there", async () => {
    await using fixture = await openTestNode();
    const { store } = fixture.node;
    const publishing = fixture.publish({ id: "1" });
    const judged = judge(fixture, arrived("1"));
    await publishing;
    expect((await judged).verdicts).toEqual(["repeat"]);
    const { commit } = store;
    (store as { commit: unknown }).commit = () => Promise.reject(new Error("disk"));
    const failing = fixture.publish({ id: "2" }).catch(() => undefined);
    const other = judge(fixture, arrived("2"));
    (store as { commit: unknown }).commit = commit;
    await failing;
    expect((await other).verdicts).toEqual(["new"]);
  });

  it("does not take an event for a repeat of itself, nor one in transit for the first", async () => {
    await using fixture = await openTestNode();
    await arrive(fixture, { id: "1", origin: { cluster: "bonn", epoch: 9, sequence: 1 } });
    await arrive(fixture, { id: "2", audience: IN_TRANSIT });
    expect((await judge(fixture, arrived("1"), arrived("2"))).verdicts).toEqual(["new", "new"]);
    expect((await judge(fixture, arrived("1", { sequence: 2 }))).verdicts).toEqual(["repeat"]);
    expect((await judge(fixture, arrived("1", { epoch: 8 }))).verdicts).toEqual(["repeat"]);
  });

  it("takes the second of one call for a repeat of the first", async () => {
    await using fixture = await openTestNode();
    const answer = await judge(fixture, arrived("1"), arrived("2", { sequence: 2 }), arrived("1", { sequence: 3 }));
    expect(answer).toEqual({ verdicts: ["new", "new", "repeat"], atOnce: true });
  });

  it("lets an arrival pass when the log cannot be read, and reports it", async () => {
    await using fixture = await openTestNode();
    await arrive(fixture, { id: "1" });
    (fixture.node.store as { get: unknown }).get = () => Promise.reject(new Error("Cannot read"));
    expect((await judge(fixture, arrived("1"))).verdicts).toEqual(["new"]);
    expect(fixture.errors.map(String)).toEqual(["Error: Cannot read"]);
  });
});

describe("A publisher", () => {
  it("that repeats what has arrived from elsewhere gets the receipt of its origin", async () => {
    await using fixture = await openTestNode();
    const event = { id: "1", data: "{}" };
    await arrive(fixture, { ...event, origin: { cluster: "bonn", epoch: 9, sequence: 41 } });
    const receipt = await fixture.publish(event);
    expect(receipt).toEqual({ cluster: "bonn", epoch: 9, sequence: 41, position: 1, duplicate: true });
    await expect(fixture.publish({ id: "1", data: "[]" })).rejects.toThrow("another data");
  });

  it("that publishes what is arriving at that very moment waits until it is stored, and then repeats it", async () => {
    await using fixture = await openTestNode();
    const event = { id: "1", data: "{}" };
    let settle = (): void => {};
    fixture.node.judge([arrived("1")], (_, settled) => settle = settled);
    const publishing = [fixture.publish(event), fixture.publish(event)];
    await arrive(fixture, { ...event, origin: { cluster: "bonn", epoch: 9, sequence: 1 } });
    settle();
    const receipt = { cluster: "bonn", epoch: 9, sequence: 1, position: 1, duplicate: true as const };
    expect(await Promise.all(publishing)).toEqual([receipt, receipt]);
    expect(fixture.node.store.head).toBe(1);
  });

  it("that waited for an arrival which was given up is the first, once", async () => {
    await using fixture = await openTestNode();
    let settle = (): void => {};
    fixture.node.judge([arrived("1")], (_, settled) => settle = settled);
    const publishing = [fixture.publish({ id: "1" }), fixture.publish({ id: "1" })];
    expect((await fixture.publish({ id: "another" })).position).toBe(1);
    settle();
    const receipts = await Promise.all(publishing);
    expect(receipts.map(({ position, duplicate }) => [position, duplicate])).toEqual([[2, undefined], [2, true]]);
  });
});
