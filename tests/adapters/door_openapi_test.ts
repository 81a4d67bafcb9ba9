/** The description of the HTTP API says what the routes are, no more and no less. */

import { describe, expect, it } from "bun:test";

import { createApp } from "../../adapters/door/http/app.ts";
import { requiredScope, TicketStore } from "../../adapters/door/http/auth/mod.ts";
import type { DoorApp } from "../../adapters/door/http/door_context.ts";
import { OPERATIONS } from "../../adapters/door/http/openapi/document.ts";
import { Metrics } from "../../adapters/telemetry/mod.ts";
import { openTestDoor } from "./door_support.ts";

async function openApp(): Promise<AsyncDisposable & { readonly app: DoorApp }> {
  const door = await openTestDoor();
  const app = createApp(door.context, {
    onLoopback: true,
    tickets: new TicketStore(() => 0),
    metrics: new Metrics(),
    about: { version: "1.2.3", runtime: "test", doors: () => ({}) },
  });
  return { app, [Symbol.asyncDispose]: () => door[Symbol.asyncDispose]() };
}

// deno-lint-ignore no-explicit-any -- the document has every shape
async function readDocument(app: DoorApp): Promise<any> {
  const response = await app.request("/openapi.json");
  expect(response.headers.get("content-type")).toContain("application/json");
  return await response.json();
}

describe("GET /openapi.json", () => {
  it("describes every route, and nothing that is none", async () => {
    await using fixture = await openApp();
    const { paths } = await readDocument(fixture.app);
    const described = Object.entries<object>(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`)
    );
    const served = fixture.app.routes
      .filter(({ method, path }) => method !== "ALL" && !path.endsWith("*"))
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
    expect(described.sort()).toEqual([...new Set(served)].sort());
    expect(described.length).toBeGreaterThan(20);
  });

  it("is OpenAPI 3.1 of this version", async () => {
    await using fixture = await openApp();
    expect(await readDocument(fixture.app)).toMatchObject({
      openapi: "3.1.1",
      info: { title: "Weft", version: "1.2.3" },
    });
  });

  it("refers only to what it has", async () => {
    await using fixture = await openApp();
    const document = await readDocument(fixture.app);
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map((match) => match[1]);
    const missing = references.filter((path) =>
      // deno-lint-ignore no-explicit-any -- walks down the document
      path.split("/").reduce<any>((place, key) => place?.[key], document) === undefined
    );
    expect(missing).toEqual([]);
    expect(references.length).toBeGreaterThan(50);
  });

  it("names each operation once, and each parameter of its path", () => {
    const ids = OPERATIONS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, parameters = [] } of OPERATIONS) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      expect(parameters.filter((parameter) => parameter.in === "path").map(({ name }) => name)).toEqual(inPath);
    }
  });

  it("asks for the scopes that the door asks for", () => {
    const asked = OPERATIONS.map(({ method, path }) => requiredScope(method.toUpperCase(), path.replace(/[{}]/g, "")));
    expect(OPERATIONS.map(({ scope }) => scope)).toEqual(asked);
  });

  it("has the subscription's schema as the node checks it", async () => {
    await using fixture = await openApp();
    const { SubscriptionRequest } = (await readDocument(fixture.app)).components.schemas;
    expect(SubscriptionRequest.additionalProperties).toBe(false);
    expect(SubscriptionRequest.properties.config.properties.retry.properties.attemptsMax).toMatchObject({
      type: "integer",
      default: 8,
      maximum: 1000,
    });
  });
});
