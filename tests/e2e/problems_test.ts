/** What a real node refuses, and how it says so: one problem document a reason. */

import { describe, expect, it } from "bun:test";
import { connect } from "node:net";

import { type ApiAnswer, BATCH, STRUCTURED, toStructured } from "../support/http_api.ts";
import { NodeProcess } from "../support/node_process.ts";
import { sendRaw } from "../support/raw_http.ts";

function expectProblem(answer: ApiAnswer, status: number, code: string): void {
  expect(answer.headers.get("content-type")).toContain("application/problem+json");
  expect(answer.body).toMatchObject({ status, code });
  expect(answer.status).toBe(status);
  for (const member of ["type", "title", "detail"]) expect(typeof answer.body[member]).toBe("string");
}

const admin = "the-admin-has-a-long-token";
const shop = "the-shop-has-a-long-token";
const auth = {
  tokens: [
    { token: admin, publish: [">"], subscribe: [">"], admin: true },
    { token: shop, publish: ["order.>"], subscribe: ["order.>"] },
  ],
};
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe("a node refuses", () => {
  it("an event that is malformed, 400, with what is wrong", async () => {
    await using node = await NodeProcess.start();
    const bodies = {
      "{": "MALFORMED_JSON",
      '{"specversion":"1.0"}': "MISSING_ATTRIBUTE",
      '{"specversion":"0.3","id":"1","source":"/a","type":"b"}': "UNSUPPORTED_SPECVERSION",
      '{"specversion":"1.0","id":"","source":"/a","type":"b"}': "INVALID_ATTRIBUTE",
      '{"specversion":"1.0","id":"1","source":"/a","type":"b","time":"yesterday"}': "INVALID_ATTRIBUTE",
      '{"specversion":"1.0","id":"1","source":"/a","type":"b","data":1,"data_base64":"AA=="}': "INVALID_DATA",
    };
    for (const [body, code] of Object.entries(bodies)) {
      expectProblem(await node.call("POST", "/v1/events", body, STRUCTURED), 400, code);
    }
    expect((await node.call("GET", "/v1/events")).body.events).toEqual([]);
  });

  it("a path that there is not, 404", async () => {
    await using node = await NodeProcess.start();
    expectProblem(await node.call("GET", "/v1/nothing"), 404, "NOT_FOUND");
    expectProblem(await node.call("GET", "/v1/subscriptions/none"), 404, "SUBSCRIPTION_NOT_FOUND");
    expectProblem(await node.call("GET", "/v1/dead-letters/none"), 404, "DEAD_LETTER_NOT_FOUND");
  });

  it("a method that the path does not take, 405, and names those it takes", async () => {
    await using node = await NodeProcess.start();
    const answer = await node.call("DELETE", "/v1/events");
    expectProblem(answer, 405, "METHOD_NOT_ALLOWED");
    expect(answer.headers.get("allow")!.split(/,\s*/).sort()).toEqual(["GET", "POST"]);
    const toRoot = await node.call("PUT", "/");
    expectProblem(toRoot, 405, "METHOD_NOT_ALLOWED");
    expect(toRoot.headers.get("allow")).toContain("POST");
  });

  it("a stream to a client that accepts none, 406", async () => {
    await using node = await NodeProcess.start();
    expectProblem(await node.call("GET", "/v1/stream", undefined, { accept: "image/png" }), 406, "NOT_ACCEPTABLE");
  });

  it("what is too large or too many, 413, and says the limit", async () => {
    await using node = await NodeProcess.start({
      config: { limits: { bodyBytes: 65_536, eventBytes: 4096, batchEvents: 2 } },
    });
    const large = await node.publish({ id: "1", data: "x".repeat(5000) });
    expectProblem(large, 413, "EVENT_TOO_LARGE");
    expect(large.body.limit).toBe(4096);
    const body = await node.publish({ id: "1", data: "x".repeat(70_000) });
    expectProblem(body, 413, "BODY_TOO_LARGE");
    expect(body.body.limit).toBe(65_536);
    const batch = ["1", "2", "3"].map((id) => toStructured({ id }));
    const many = await node.call("POST", "/v1/events", batch, BATCH);
    expectProblem(many, 413, "BATCH_TOO_LARGE");
    expect(many.body.limit).toBe(2);
  });

  it("a media type that it cannot read, 415", async () => {
    await using node = await NodeProcess.start();
    const answer = await node.call("POST", "/v1/events", "<a/>", { "content-type": "application/cloudevents+xml" });
    expectProblem(answer, 415, "UNSUPPORTED_MEDIA_TYPE");
  });

  it("who says nothing of itself, 401, and who may not, 403", async () => {
    await using node = await NodeProcess.start({ config: { auth } });
    const nobody = await node.publish({ id: "1" });
    expectProblem(nobody, 401, "UNAUTHENTICATED");
    expect(nobody.headers.get("www-authenticate")).toContain("Bearer");
    expectProblem(await node.publish({ id: "1" }, bearer("some-other-long-token")), 401, "UNAUTHENTICATED");
    expectProblem(await node.publish({ id: "1", type: "invoice.sent" }, bearer(shop)), 403, "FORBIDDEN");
    expect((await node.publish({ id: "1" }, bearer(shop))).status).toBe(202);
    expectProblem(await node.call("GET", "/v1/stream", undefined, bearer(shop)), 403, "FORBIDDEN");
    expectProblem(await node.call("GET", "/v1/dead-letters", undefined, bearer(shop)), 403, "FORBIDDEN");
    expect((await node.call("GET", "/v1/dead-letters", undefined, bearer(admin))).status).toBe(200);
    expect((await node.call("GET", "/livez")).status).toBe(200);
  });

  it("a batch of which one event may not be published, 403, whole", async () => {
    await using node = await NodeProcess.start({ config: { auth } });
    const batch = [toStructured({ id: "1" }), toStructured({ id: "2", type: "invoice.sent" })];
    expectProblem(await node.call("POST", "/v1/events", batch, { ...BATCH, ...bearer(shop) }), 403, "FORBIDDEN");
    expect((await node.call("GET", "/v1/events", undefined, bearer(admin))).body.events).toEqual([]);
  });

  it("a request for another host, 421", async () => {
    await using node = await NodeProcess.start();
    expect(await askAs(node, "evil.example")).toContain("421");
    expect(await askAs(node, "localhost")).toContain("200");
  });

  it("a request that names no host at all, with a problem and not with a failure of its own", async () => {
    await using node = await NodeProcess.start();
    const { status } = await sendRaw(node.url, "GET /livez HTTP/1.0\r\n\r\n", 500);
    // Deno's server takes the address that was connected to for the host.
    expect([200, 421]).toContain(status);
  });

  it("an event when its store is full, 503, with when to come again", async () => {
    await using node = await NodeProcess.start({ config: { store: { maxBytes: "1MiB" } } });
    await node.call("PUT", "/v1/subscriptions/audit", { protocol: "PULL" });
    const data = "x".repeat(100_000);
    const answers: ApiAnswer[] = [];
    for (let n = 0; n < 30 && answers.at(-1)?.status !== 503; n++) {
      answers.push(await node.publish({ id: String(n), data }));
    }
    const refused = answers.at(-1)!;
    expectProblem(refused, 503, "STORE_FULL");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(answers.slice(0, -1).every(({ status }) => status === 202)).toBe(true);
  });
});

/** The status line of an answer; `fetch` does not let a client choose the host. */
async function askAs(node: NodeProcess, host: string): Promise<string> {
  const { port } = new URL(node.url);
  return await new Promise((resolve, reject) => {
    const socket = connect(Number(port), "127.0.0.1", () => {
      socket.write(`GET /livez HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    });
    let text = "";
    socket.on("data", (data) => text += data);
    socket.on("end", () => resolve(text.split("\r\n")[0]));
    socket.on("error", reject);
  });
}
