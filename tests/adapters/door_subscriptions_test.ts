/** Subscriptions over HTTP: the resources of `/v1/subscriptions`. */

import { describe, expect, it } from "bun:test";

import { createPrincipal } from "../../adapters/door/http/auth/mod.ts";
import { openTestDoor } from "./door_support.ts";

const provenance = { node: "alice", cluster: "alice" };

describe("POST /v1/subscriptions", () => {
  it("answers 201 with the resource, a generated id and its Location", async () => {
    await using door = await openTestDoor();
    const answer = await door.call("POST", "/v1/subscriptions", { id: "mine", config: { topic: "order.>" } });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      protocol: "PULL",
      config: { topic: "order.>" },
      replay: "local",
      ...provenance,
    });
    expect(answer.body.id).not.toBe("mine");
    expect(answer.headers.get("location")).toBe(`/v1/subscriptions/${answer.body.id}`);
    expect((await door.call("GET", answer.headers.get("location")!)).body.id).toBe(answer.body.id);
  });

  it("says that no cluster is missing when the mesh is this cluster", async () => {
    await using door = await openTestDoor();
    const { body } = await door.call("POST", "/v1/subscriptions?ready=mesh", {});
    expect(body.missing).toEqual([]);
  });

  it("refuses an unknown value of ready", async () => {
    await using door = await openTestDoor();
    const answer = await door.call("POST", "/v1/subscriptions?ready=soon", {});
    expect(answer).toMatchObject({ status: 400, body: { code: "INVALID_PARAMETER", parameter: "ready" } });
    expect((await door.call("GET", "/v1/subscriptions")).body.subscriptions).toEqual([]);
  });

  it("refuses broken JSON with the position of the mistake", async () => {
    await using door = await openTestDoor();
    const answer = await door.call("POST", "/v1/subscriptions", '{"types": [}');
    expect(answer).toMatchObject({ status: 400, body: { code: "MALFORMED_JSON", position: 11 } });
  });

  it("refuses an unknown member with its path", async () => {
    await using door = await openTestDoor();
    const answer = await door.call("POST", "/v1/subscriptions", { config: { topics: "order.>" } });
    expect(answer).toMatchObject({ status: 400, body: { code: "INVALID_SUBSCRIPTION", path: "config.topics" } });
  });

  it("refuses a bad expression with its position", async () => {
    await using door = await openTestDoor();
    const answer = await door.call("POST", "/v1/subscriptions", { filters: [{ sql: "amount >" }] });
    expect(answer).toMatchObject({ status: 400, body: { code: "INVALID_FILTER", position: 8 } });
  });

  it("refuses a pattern that the principal's scopes do not cover", async () => {
    const principal = createPrincipal({ name: "bob", publish: [], subscribe: ["order.>"], admin: false });
    await using door = await openTestDoor({ principal });
    expect((await door.call("POST", "/v1/subscriptions", { config: { topic: "order.eu.*" } })).status).toBe(201);
    const answer = await door.call("POST", "/v1/subscriptions", {});
    expect(answer).toMatchObject({ status: 403, body: { code: "FORBIDDEN", scope: "weft:subscribe:>" } });
  });
});

describe("PUT /v1/subscriptions/{id}", () => {
  it("answers 201 when it made the subscription and 200 when it replaced it", async () => {
    await using door = await openTestDoor();
    const first = await door.call("PUT", "/v1/subscriptions/billing", { config: { topic: "order.>" } });
    const second = await door.call("PUT", "/v1/subscriptions/billing", {
      config: { topic: "order.>", maxInFlight: 5 },
    });
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(first.headers.get("location")).toBe("/v1/subscriptions/billing");
    expect(second.body).toMatchObject({ id: "billing", config: { maxInFlight: 5 } });
  });

  it("keeps the place in the log of a subscription that it replaces", async () => {
    await using door = await openTestDoor();
    await door.call("PUT", "/v1/subscriptions/billing", { config: { topic: "order.>" } });
    await door.fixture.publish({ id: "1" });
    await door.call("PUT", "/v1/subscriptions/billing", { config: { topic: "order.>", maxInFlight: 5 } });
    const { body } = await door.call("POST", "/v1/subscriptions/billing/pull", {});
    expect(body.events[0].event.id).toBe("1");
  });

  it("refuses to replace a subscription whose pattern the principal may not read", async () => {
    const principal = createPrincipal({ name: "bob", publish: [], subscribe: ["order.>"], admin: false });
    await using door = await openTestDoor({ principal });
    await door.fixture.node.subscriptions.put("secret", { config: { topic: "salary.>" } });
    const answer = await door.call("PUT", "/v1/subscriptions/secret", { config: { topic: "order.>" } });
    expect(answer).toMatchObject({ status: 403, body: { scope: "weft:subscribe:salary.>" } });
  });

  it("never shows secrets", async () => {
    await using door = await openTestDoor();
    const answer = await door.call("PUT", "/v1/subscriptions/billing", {
      sink: "http://127.0.0.1:9/hook",
      protocolsettings: { secret: "whsec_verysecret" },
      sinkcredential: { credentialtype: "ACCESSTOKEN", accesstoken: "verysecret" },
    });
    expect(answer.status).toBe(201);
    expect(answer.text).not.toContain("verysecret");
    expect((await door.call("GET", "/v1/subscriptions")).text).not.toContain("verysecret");
  });
});

describe("GET /v1/subscriptions", () => {
  it("pages through all of them in order of id", async () => {
    await using door = await openTestDoor();
    for (const id of ["c", "a", "b"]) await door.call("PUT", `/v1/subscriptions/${id}`, {});
    const first = await door.call("GET", "/v1/subscriptions?limit=2");
    expect(first.body).toMatchObject({ subscriptions: [{ id: "a" }, { id: "b" }], next: "b", ...provenance });
    const second = await door.call("GET", `/v1/subscriptions?limit=2&after=${first.body.next}`);
    expect(second.body).toMatchObject({ subscriptions: [{ id: "c" }], next: null });
  });

  it("names the node of each in scope mesh", async () => {
    await using door = await openTestDoor();
    await door.call("PUT", "/v1/subscriptions/a", {});
    const { body } = await door.call("GET", "/v1/subscriptions?scope=mesh");
    expect(body.subscriptions).toMatchObject([{ id: "a", ...provenance }]);
  });

  it("refuses a limit that is no number", async () => {
    await using door = await openTestDoor();
    const answer = await door.call("GET", "/v1/subscriptions?limit=many");
    expect(answer).toMatchObject({ status: 400, body: { code: "INVALID_PARAMETER", parameter: "limit" } });
  });

  it("tells the status of one", async () => {
    await using door = await openTestDoor();
    await door.call("PUT", "/v1/subscriptions/a", {});
    await door.fixture.publish();
    await door.call("POST", "/v1/subscriptions/a/pull", {});
    const { body } = await door.call("GET", "/v1/subscriptions/a");
    expect(body.status).toMatchObject({
      state: "active",
      lag: 1,
      inFlight: 1,
      delivered: 0,
      failed: 0,
      deadLettered: 0,
    });
    expect(body.status).toMatchObject({ lastError: null, oldestAgeMs: 0, heldBack: 0, waitsFor: null });
    expect(typeof body.status.cursor).toBe("string");
    expect(body.at).toBe(new Date(door.context.clock.wall()).toISOString());
  });

  it("answers 404 for one that is not there", async () => {
    await using door = await openTestDoor();
    const answer = await door.call("GET", "/v1/subscriptions/nobody");
    expect(answer).toMatchObject({ status: 404, body: { code: "SUBSCRIPTION_NOT_FOUND" } });
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
  });
});

describe("PATCH /v1/subscriptions/{id}", () => {
  it("pauses, so that a pull is refused, and resumes", async () => {
    await using door = await openTestDoor();
    await door.call("PUT", "/v1/subscriptions/a", {});
    expect((await door.call("PATCH", "/v1/subscriptions/a", { paused: true })).body.status.state).toBe("paused");
    const refused = await door.call("POST", "/v1/subscriptions/a/pull", {});
    expect(refused).toMatchObject({ status: 409, body: { code: "SUBSCRIPTION_PAUSED" } });
    expect((await door.call("PATCH", "/v1/subscriptions/a", { paused: false })).body.status.state).toBe("active");
    expect((await door.call("POST", "/v1/subscriptions/a/pull", {})).status).toBe(200);
  });

  it("refuses a body that it does not know", async () => {
    await using door = await openTestDoor();
    await door.call("PUT", "/v1/subscriptions/a", {});
    const answer = await door.call("PATCH", "/v1/subscriptions/a", { paused: true, sink: "http://127.0.0.1/" });
    expect(answer).toMatchObject({ status: 400, body: { code: "INVALID_REQUEST", path: "sink" } });
  });
});

describe("POST /v1/subscriptions/{id}/seek", () => {
  it("replays from a position, itself included", async () => {
    await using door = await openTestDoor();
    await door.call("PUT", "/v1/subscriptions/a", {});
    for (const id of ["1", "2", "3"]) await door.fixture.publish({ id });
    const { events } = (await door.call("POST", "/v1/subscriptions/a/pull", {})).body;
    await door.call("POST", "/v1/subscriptions/a/ack", { ack: events.map(({ ackId }: { ackId: string }) => ackId) });
    expect((await door.call("POST", "/v1/subscriptions/a/seek", { since: 2 })).status).toBe(200);
    const again = await door.fixture.eventually(async () => {
      const { body } = await door.call("POST", "/v1/subscriptions/a/pull", {});
      expect(body.events.length).toBeGreaterThan(0);
      return body.events;
    });
    expect(again.map(({ event }: { event: { id: string } }) => event.id)).toEqual(["2", "3"]);
  });

  it("refuses a cursor of another log", async () => {
    await using door = await openTestDoor();
    await door.call("PUT", "/v1/subscriptions/a", {});
    const answer = await door.call("POST", "/v1/subscriptions/a/seek", { since: "lzzzzzzz-1" });
    expect(answer).toMatchObject({ status: 409, body: { code: "CURSOR_FOREIGN" } });
  });

  it("is for administrators", async () => {
    const principal = createPrincipal({ name: "bob", publish: [], subscribe: [">"], admin: false });
    await using door = await openTestDoor({ principal });
    await door.call("PUT", "/v1/subscriptions/a", {});
    const answer = await door.call("POST", "/v1/subscriptions/a/seek", { since: "earliest" });
    expect(answer).toMatchObject({ status: 403, body: { scope: "weft:admin" } });
  });
});

describe("DELETE /v1/subscriptions/{id}", () => {
  it("answers 204, and 404 the next time", async () => {
    await using door = await openTestDoor();
    await door.call("PUT", "/v1/subscriptions/a", {});
    expect((await door.call("DELETE", "/v1/subscriptions/a")).status).toBe(204);
    expect((await door.call("DELETE", "/v1/subscriptions/a")).status).toBe(404);
  });
});
