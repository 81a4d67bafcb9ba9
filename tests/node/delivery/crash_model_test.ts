import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { openTestNode, type TestNode } from "../../support/test_node.ts";

/** What may happen to a PULL subscription, in any order. */
type Step =
  | { readonly type: "publish"; readonly count: number }
  | { readonly type: "pull"; readonly max: number }
  | { readonly type: "ack"; readonly pick: number }
  | { readonly type: "nack"; readonly pick: number; readonly delayMs: number }
  | { readonly type: "wait"; readonly ms: number }
  | { readonly type: "crash" };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant("publish" as const), count: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("pull" as const), max: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("ack" as const), pick: fc.nat(20) }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("nack" as const), pick: fc.nat(20), delayMs: fc.nat(3000) }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("wait" as const), ms: fc.nat(2000) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("crash" as const) }) },
);

/** Runs the steps and then takes everything that is left; checks as it goes what must never happen. */
async function run(fixture: TestNode, steps: readonly Step[], ordered: boolean): Promise<void> {
  const config = { ordered, ackTimeoutMs: 1000, maxInFlight: 8, retry: { attemptsMax: 1000, minMs: 10, maxMs: 100 } };
  await fixture.node.subscriptions.put("a", { config });
  const published: string[] = [];
  const acknowledged = new Set<string>();
  const held: { id: string; ackId: string }[] = [];
  const lastOfKey = new Map<string, number>();

  const pull = async (max: number) => {
    for (const { ackId, delivery } of await fixture.node.subscriptions.pull("a", { max, waitMs: 0 })) {
      const { id, partitionkey } = delivery.stored.event.attributes;
      expect(acknowledged.has(id)).toBe(false); // an acknowledgement that was answered holds for ever
      if (ordered) {
        const before = lastOfKey.get(`${partitionkey}`) ?? 0;
        const open = held.some((other) =>
          other.id !== id && keyOf(other.id) === partitionkey && !acknowledged.has(other.id)
        );
        if (!open) expect(delivery.stored.position).toBeGreaterThanOrEqual(before);
        lastOfKey.set(`${partitionkey}`, delivery.stored.position);
      }
      held.push({ id, ackId });
    }
  };
  const acknowledge = async (pick: number) => {
    const one = held.splice(pick % held.length, 1)[0];
    await fixture.node.subscriptions.settle("a", { ack: [one.ackId] });
    acknowledged.add(one.id);
  };

  for (const action of steps) {
    switch (action.type) {
      case "publish":
        for (let i = 0; i < action.count; i++) {
          const id = `${published.length}`;
          await fixture.publish({ id, attributes: { partitionkey: keyOf(id) } });
          published.push(id);
        }
        break;
      case "pull":
        await pull(action.max);
        break;
      case "ack":
        if (held.length > 0) await acknowledge(action.pick);
        break;
      case "nack":
        if (held.length > 0) {
          const { ackId } = held.splice(action.pick % held.length, 1)[0];
          await fixture.node.subscriptions.settle("a", { nack: [{ ackId, delayMs: action.delayMs }] });
        }
        break;
      case "wait":
        await fixture.clock.advance(action.ms);
        break;
      case "crash":
        await fixture.crash();
        await fixture.clock.advance(0);
        break;
    }
  }
  for (let round = 0; round < 200 && acknowledged.size < published.length; round++) {
    await fixture.clock.advance(1000);
    await pull(100);
    while (held.length > 0) await acknowledge(0);
  }
  expect([...acknowledged].sort()).toEqual([...published].sort());
  expect(fixture.errors).toEqual([]);
}

function keyOf(id: string): string {
  return `key-${Number(id) % 3}`;
}

for (const ordered of [false, true]) {
  describe(`A PULL subscription${ordered ? " with ordered keys" : ""}`, () => {
    it(
      "delivers every event until it is acknowledged and none after, whatever is refused, late or killed",
      async () => {
        await fc.assert(
          fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
            await using fixture = await openTestNode();
            await run(fixture, steps, ordered);
          }),
          { numRuns: 150 },
        );
      },
      60_000,
    );
  });
}
