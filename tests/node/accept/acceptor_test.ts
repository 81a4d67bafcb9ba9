import { describe, expect, it } from "bun:test";

import { RefusedError } from "../../../node/mod.ts";
import { anEvent } from "../../support/events.ts";
import { openTestNode } from "../../support/test_node.ts";

const refusal = async (attempt: Promise<unknown>): Promise<RefusedError> => {
  const error = await attempt.then(() => undefined, (error) => error);
  if (error instanceof RefusedError) return error;
  throw new Error(`Cannot find a refusal: the attempt ended with ${error}`);
};

describe("Acceptor.accept()", () => {
  it("answers a repeat with the first receipt, and does not store it again", async () => {
    await using fixture = await openTestNode();
    const first = await fixture.publish({ id: "1", data: "a" });
    expect(await fixture.publish({ id: "1", data: "a" })).toEqual({ ...first, duplicate: true });
    expect(fixture.node.store.head).toBe(1);
  });

  it("makes one of two that are published at the same time", async () => {
    await using fixture = await openTestNode();
    const receipts = await Promise.all([fixture.publish({ id: "1" }), fixture.publish({ id: "1" })]);
    expect(receipts[1]).toEqual({ ...receipts[0], duplicate: true });
    expect(fixture.node.store.head).toBe(1);
  });

  it("tells ids of different sources apart", async () => {
    await using fixture = await openTestNode();
    await fixture.publish({ id: "1", source: "/a" });
    expect((await fixture.publish({ id: "1", source: "/b" })).duplicate).toBeUndefined();
  });

  it("does not count time and traceparent as a difference: a retry may set them anew", async () => {
    await using fixture = await openTestNode();
    await fixture.publish({ id: "1", attributes: { time: "2026-01-01T00:00:00Z", traceparent: "a" } });
    const repeat = await fixture.publish({ id: "1", attributes: { time: "2026-01-01T00:00:01Z", traceparent: "b" } });
    expect(repeat.duplicate).toBe(true);
  });

  for (
    const [name, change] of Object.entries({
      type: { type: "order.other" },
      subject: { attributes: { subject: "x" } },
      dataschema: { attributes: { dataschema: "/x" } },
      datacontenttype: { attributes: { datacontenttype: "text/plain" } },
      data: { data: "other" },
    })
  ) {
    it(`refuses the same id with another ${name}`, async () => {
      await using fixture = await openTestNode();
      await fixture.publish({ id: "1", data: "a" });
      const error = await refusal(fixture.publish({ id: "1", data: "a", ...change }));
      expect(error.code).toBe("ID_CONFLICT");
      expect(error.fields.difference).toBe(name);
    });
  }

  it("recognises a repeat after a restart", async () => {
    await using fixture = await openTestNode();
    const first = await fixture.publish({ id: "1" });
    await fixture.crash();
    expect(await fixture.publish({ id: "1" })).toEqual({ ...first, duplicate: true });
  });

  it("forgets an id when the window is over", async () => {
    await using fixture = await openTestNode({ publishWindow: { idsMax: 1024, ageMs: 1000 } });
    await fixture.publish({ id: "1" });
    await fixture.clock.advance(1200);
    expect((await fixture.publish({ id: "1" })).duplicate).toBeUndefined();
  });

  it("refuses an event larger than the limit and names the limit", async () => {
    await using fixture = await openTestNode({ eventBytesMax: 100 });
    const error = await refusal(fixture.publish({ data: "x".repeat(101) }));
    expect(error.code).toBe("EVENT_TOO_LARGE");
    expect(error.fields.limit).toBe(100);
  });

  it("keeps the topics of the node's own from publishers", async () => {
    await using fixture = await openTestNode();
    expect(() => fixture.node.topicOf(anEvent({ type: "weft-system.dead-letter" }))).toThrow(
      "choose another first token",
    );
  });

  it("takes the smaller of expirytime and the publisher's time to live, and keeps an event that is past it", async () => {
    await using fixture = await openTestNode();
    const at = (ms: number) => new Date(fixture.clock.wall() + ms).toISOString();
    const ttl = async (expirytime: string | undefined, ttlMs: number | undefined) => {
      const event = anEvent({ attributes: expirytime === undefined ? {} : { expirytime } });
      const { position } = await fixture.node.accept({ topic: "a", event, ttlMs });
      return (await fixture.node.store.get(position))!.ttlMs;
    };
    expect(await ttl(undefined, undefined)).toBe(0);
    expect(await ttl(at(5000), undefined)).toBe(5000);
    expect(await ttl(at(5000), 1000)).toBe(1000);
    expect(await ttl(at(500), 1000)).toBe(500);
    expect(await ttl(at(-1), 1000)).toBe(-1);
    const error = await refusal(fixture.publish({ attributes: { expirytime: "soon" } }));
    expect(error.code).toBe("INVALID_ATTRIBUTE");
  });
});

describe("Acceptor.acceptBatch()", () => {
  const submit = (...ids: string[]) => ids.map((id) => ({ topic: "a", event: anEvent({ id }) }));

  it("stores events in order and gives a receipt for each", async () => {
    await using fixture = await openTestNode();
    const receipts = await fixture.node.acceptBatch(submit("1", "2", "3"));
    expect(receipts.map(({ position, sequence }) => [position, sequence])).toEqual([[1, 1], [2, 2], [3, 3]]);
  });

  it("marks repeats, of earlier events of the batch as well", async () => {
    await using fixture = await openTestNode();
    await fixture.node.acceptBatch(submit("1"));
    const receipts = await fixture.node.acceptBatch(submit("2", "1", "2"));
    expect(receipts.map(({ position, duplicate }) => [position, duplicate])).toEqual([
      [2, undefined],
      [1, true],
      [2, true],
    ]);
    expect(fixture.node.store.head).toBe(2);
  });

  it("stores nothing when one of it conflicts, and says which", async () => {
    await using fixture = await openTestNode();
    await fixture.publish({ id: "1", data: "a" });
    const batch = [...submit("2"), { topic: "a", event: anEvent({ id: "1", data: "b" }) }];
    const error = await refusal(fixture.node.acceptBatch(batch));
    expect(error.code).toBe("ID_CONFLICT");
    expect(error.fields.index).toBe(1);
    expect(fixture.node.store.head).toBe(1);
    expect((await fixture.publish({ id: "2" })).duplicate).toBeUndefined();
  });
});
