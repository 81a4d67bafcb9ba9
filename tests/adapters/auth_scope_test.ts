/** Which scope each path needs, and that the middleware asks for it. */

import { describe, expect, it } from "bun:test";
import { Hono } from "hono";

import {
  authorization,
  createAuthenticator,
  requiredScope,
  ticketRoutes,
  TicketStore,
} from "../../adapters/door/http/auth/mod.ts";
import type { DoorEnv } from "../../adapters/door/http/door_context.ts";
import { toProblem } from "../../adapters/door/http/problems.ts";

describe("requiredScope()", () => {
  const cases: [string, string, string][] = [
    ["POST", "/", "publish"],
    ["POST", "/v1/events", "publish"],
    ["POST", "/v1/topics/order.placed", "publish"],
    ["GET", "/livez", "open"],
    ["GET", "/readyz", "open"],
    ["GET", "/metrics", "openOnLoopback"],
    ["GET", "/openapi.json", "openOnLoopback"],
    ["GET", "/v1", "authenticated"],
    ["GET", "/routes", "authenticated"],
    ["GET", "/v1/explain", "authenticated"],
    ["GET", "/v1/events", "browse"],
    ["HEAD", "/v1/events", "browse"],
    ["GET", "/v1/events/a/b/trace", "authenticated"],
    ["GET", "/v1/stream", "subscribe"],
    ["GET", "/v1/subscriptions", "authenticated"],
    ["GET", "/v1/subscriptions/billing", "authenticated"],
    ["POST", "/v1/subscriptions", "subscribe"],
    ["PUT", "/v1/subscriptions/billing", "subscribe"],
    ["DELETE", "/v1/subscriptions/billing", "subscribe"],
    ["POST", "/v1/subscriptions/billing/pull", "subscribe"],
    ["POST", "/v1/subscriptions/billing/seek", "admin"],
    ["GET", "/v1/dead-letters", "admin"],
    ["POST", "/v1/dead-letters/7/redrive", "admin"],
    ["POST", "/v1/backup", "admin"],
    ["GET", "/v1/config", "admin"],
    ["GET", "/somewhere/new", "authenticated"],
  ];

  it("knows each path", () => {
    for (const [method, path, scope] of cases) {
      expect([method, path, requiredScope(method, path)]).toEqual([method, path, scope]);
    }
  });
});

const tokens = [
  { name: "alice", token: "alice", publish: [">"], subscribe: ["order.>"] },
  { name: "root", token: "root", subscribe: [">"], admin: true },
];

function createApp(onLoopback: boolean, auth = { tokens }): Hono<DoorEnv> {
  const tickets = new TicketStore(() => 0);
  const authenticate = createAuthenticator(auth, { tickets, wall: () => 0 });
  const app = new Hono<DoorEnv>();
  app.use(authorization(authenticate, { onLoopback }));
  app.route("/", ticketRoutes(tickets));
  app.all("*", (c) => c.text(c.get("principal")?.name ?? "nobody"));
  app.onError((error) => toProblem(error, { onFailure: () => undefined }));
  return app;
}

async function statusOf(app: Hono<DoorEnv>, path: string, token?: string, method = "GET"): Promise<number> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return (await app.request(path, { method, headers })).status;
}

describe("authorization()", () => {
  it("lets nobody in without credentials, but to health", async () => {
    const app = createApp(false);
    expect(await statusOf(app, "/livez")).toBe(200);
    expect(await statusOf(app, "/routes")).toBe(401);
    expect(await statusOf(app, "/metrics")).toBe(401);
    expect(await statusOf(app, "/metrics", "alice")).toBe(200);
  });

  it("leaves metrics and the description open on loopback", async () => {
    const app = createApp(true);
    expect(await statusOf(app, "/metrics")).toBe(200);
    expect(await statusOf(app, "/openapi.json")).toBe(200);
    expect(await statusOf(app, "/v1/config")).toBe(401);
  });

  it("keeps administration to admins", async () => {
    const app = createApp(true);
    expect(await statusOf(app, "/v1/dead-letters", "alice")).toBe(403);
    expect(await statusOf(app, "/v1/dead-letters", "root")).toBe(200);
    expect(await statusOf(app, "/v1/subscriptions/x/seek", "alice", "POST")).toBe(403);
  });

  it("sees through an encoded path", async () => {
    expect(await statusOf(createApp(true), "/v1/dead%2Dletters", "alice")).toBe(403);
  });

  it("lets browse only what the principal could subscribe to", async () => {
    const app = createApp(true);
    expect(await statusOf(app, "/v1/events?topic=order.placed", "alice")).toBe(200);
    expect(await statusOf(app, "/v1/events?topic=billing.paid", "alice")).toBe(403);
    expect(await statusOf(app, "/v1/events", "alice")).toBe(403);
    expect(await statusOf(app, "/v1/events?topic=", "alice")).toBe(403);
    expect(await statusOf(app, "/v1/events", "root")).toBe(200);
  });

  it("names the principal to the route", async () => {
    const app = createApp(true);
    const answer = await app.request("/routes", { headers: { authorization: "Bearer alice" } });
    expect(await answer.text()).toBe("alice");
  });

  it("asks nobody when authentication is off", async () => {
    const app = createApp(true, { tokens: [] });
    expect(await (await app.request("/v1/dead-letters")).text()).toBe("anyone");
  });
});

describe("POST /v1/tickets", () => {
  it("answers 201 with a ticket that no cache keeps", async () => {
    const answer = await createApp(true).request("/v1/tickets", {
      method: "POST",
      headers: { authorization: "Bearer alice" },
    });
    expect(answer.status).toBe(201);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(await answer.json()).toMatchObject({ expiresInMs: 60_000 });
  });

  it("gives none to a request without credentials", async () => {
    expect(await statusOf(createApp(true), "/v1/tickets", undefined, "POST")).toBe(401);
  });
});
