/** Dead letters over HTTP: `/v1/dead-letters`. */

import { describe, expect, it } from "bun:test";

import { createPrincipal } from "../../adapters/door/http/auth/mod.ts";
import { eventually } from "../support/eventually.ts";
import { openTestDoor, type TestDoor, type TestDoorOptions } from "./door_support.ts";

interface Letter {
  readonly id: string;
  readonly event: { readonly id: string };
}

/** A node whose subscription `billing` failed at events `ids`. */
async function openWithLetters(ids: readonly string[], options: TestDoorOptions = {}): Promise<TestDoor> {
  const door = await openTestDoor(options);
  const { node, sinks } = door.fixture;
  const response = { status: 500, headers: { "x-why": "down" }, body: "sorry" };
  sinks.always = { type: "retry", reason: "the sink answered 500", response };
  await node.subscriptions.put("billing", {
    config: { topic: "order.>", retry: { attemptsMax: 1 } },
    sink: "http://billing.test/hook",
  });
  for (const id of ids) await door.fixture.publish({ id, data: '{"n":12345678901234567890}', dataForm: "json" });
  await eventually(async () =>
    expect((await node.deadLetters.list({}, { limit: 100 })).letters).toHaveLength(ids.length)
  );
  sinks.always = { type: "acknowledged", status: 200 };
  return door;
}

const list = async (door: TestDoor, query = ""): Promise<Letter[]> =>
  (await door.call("GET", `/v1/dead-letters${query}`)).body.deadLetters;

describe("GET /v1/dead-letters", () => {
  it("shows what failed, why, and what the sink answered last", async () => {
    await using door = await openWithLetters(["1"]);
    const { body, text } = await door.call("GET", "/v1/dead-letters");
    expect(body).toMatchObject({ next: null, node: "alice", cluster: "alice" });
    expect(body.deadLetters).toMatchObject([{
      subscription: "billing",
      reason: "ATTEMPTS_EXHAUSTED",
      attempts: 1,
      lastResponse: { status: 500, headers: { "x-why": "down" }, body: "sorry" },
      topic: "order.placed",
      event: { id: "1" },
    }]);
    expect(text).toContain('"data":{"n":12345678901234567890}');
    expect(Number.isNaN(Date.parse(body.deadLetters[0].at))).toBe(false);
  });

  it("pages, and narrows by subscription and topic", async () => {
    await using door = await openWithLetters(["1", "2", "3"]);
    const first = await door.call("GET", "/v1/dead-letters?limit=2");
    expect(first.body.deadLetters).toHaveLength(2);
    const rest = await list(door, `?limit=2&after=${first.body.next}`);
    expect([...first.body.deadLetters, ...rest].map(({ event }: Letter) => event.id).sort()).toEqual(["1", "2", "3"]);
    expect(await list(door, "?subscription=other")).toEqual([]);
    expect(await list(door, "?topic=invoice.>")).toEqual([]);
    expect(await list(door, "?topic=order.*&subscription=billing")).toHaveLength(3);
  });

  it("is for administrators, with all below it", async () => {
    const principal = createPrincipal({ name: "bob", publish: [">"], subscribe: [">"], admin: false });
    await using door = await openWithLetters(["1"], { principal });
    for (
      const [method, path] of [["GET", ""], ["GET", "/x"], ["POST", "/redrive"], ["DELETE", "?subscription=billing"]]
    ) {
      expect((await door.call(method, `/v1/dead-letters${path}`)).status).toBe(403);
    }
  });
});

describe("GET /v1/dead-letters/{id}", () => {
  it("shows one, or answers 404", async () => {
    await using door = await openWithLetters(["1"]);
    const [{ id }] = await list(door);
    expect((await door.call("GET", `/v1/dead-letters/${id}`)).body).toMatchObject({
      id,
      node: "alice",
      event: { id: "1" },
    });
    const missing = await door.call("GET", "/v1/dead-letters/none");
    expect(missing).toMatchObject({ status: 404, body: { code: "DEAD_LETTER_NOT_FOUND" } });
  });
});

describe("POST /v1/dead-letters/{id}/redrive", () => {
  it("gives the event to its subscription again", async () => {
    await using door = await openWithLetters(["1"]);
    const [{ id }] = await list(door);
    const { delivered } = door.fixture.sinks;
    expect((await door.call("POST", `/v1/dead-letters/${id}/redrive`)).body).toMatchObject({ redriven: 1 });
    await eventually(async () => {
      await door.fixture.clock.advance(1);
      return door.fixture.sinks.delivered > delivered;
    });
    expect(await list(door)).toEqual([]);
    expect((await door.call("POST", `/v1/dead-letters/${id}/redrive`)).status).toBe(404);
  });

  it("answers 409 when the subscription is gone, and keeps the letter", async () => {
    await using door = await openWithLetters(["1"]);
    const [{ id }] = await list(door);
    await door.call("DELETE", "/v1/subscriptions/billing");
    const answer = await door.call("POST", `/v1/dead-letters/${id}/redrive`);
    expect(answer).toMatchObject({ status: 409, body: { code: "DEAD_LETTER_ORPHANED", subscription: "billing" } });
    expect(await list(door)).toHaveLength(1);
  });
});

describe("POST /v1/dead-letters/redrive", () => {
  it("takes ids", async () => {
    await using door = await openWithLetters(["1", "2", "3"]);
    const ids = (await list(door)).slice(0, 2).map(({ id }) => id);
    expect((await door.call("POST", "/v1/dead-letters/redrive", { ids })).body).toMatchObject({ redriven: 2 });
    expect(await list(door)).toHaveLength(1);
  });

  it("takes a query, all of which must hold", async () => {
    await using door = await openWithLetters(["1", "2"]);
    const before = new Date(door.context.clock.wall() - 1000).toISOString();
    const none = await door.call("POST", "/v1/dead-letters/redrive", { subscription: "billing", before });
    expect(none.body).toMatchObject({ redriven: 0 });
    const all = await door.call("POST", "/v1/dead-letters/redrive", {
      subscription: "billing",
      topic: "order.>",
      after: before,
    });
    expect(all.body).toMatchObject({ redriven: 2 });
  });

  it("refuses to redrive everything because nothing was named", async () => {
    await using door = await openWithLetters(["1"]);
    expect((await door.call("POST", "/v1/dead-letters/redrive", {})).body.code).toBe("INVALID_REQUEST");
    const badTime = await door.call("POST", "/v1/dead-letters/redrive", { before: "yesterday" });
    expect(badTime.body).toMatchObject({ code: "INVALID_REQUEST", path: "before" });
    expect(await list(door)).toHaveLength(1);
  });
});

describe("DELETE /v1/dead-letters", () => {
  it("removes one by its id", async () => {
    await using door = await openWithLetters(["1", "2"]);
    const [{ id }] = await list(door);
    expect((await door.call("DELETE", `/v1/dead-letters/${id}`)).status).toBe(204);
    expect(await list(door)).toHaveLength(1);
    expect((await door.call("DELETE", `/v1/dead-letters/${id}`)).status).toBe(404);
  });

  it("removes those of a subscription and says how many", async () => {
    await using door = await openWithLetters(["1", "2"]);
    expect((await door.call("DELETE", "/v1/dead-letters?subscription=other")).body).toMatchObject({ purged: 0 });
    expect((await door.call("DELETE", "/v1/dead-letters?subscription=billing")).body).toMatchObject({ purged: 2 });
    expect(await list(door)).toEqual([]);
  });

  it("refuses to remove all because nothing was named", async () => {
    await using door = await openWithLetters(["1"]);
    expect((await door.call("DELETE", "/v1/dead-letters")).body.code).toBe("INVALID_PARAMETER");
    expect(await list(door)).toHaveLength(1);
  });
});
