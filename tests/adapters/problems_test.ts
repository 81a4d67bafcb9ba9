/** What a client is told when something is refused or fails. */

import { describe, expect, it } from "bun:test";

import { toProblem } from "../../adapters/door/http/problems.ts";
import { CodecError, RefusedError, StoreClosedError, StoreFailedError, StoreFullError } from "../../node/mod.ts";
import { parsePattern, parseTopic } from "../../node/mod.ts";

const quiet = { onFailure: () => undefined };

async function answer(error: unknown) {
  const response = toProblem(error, quiet);
  return { response, headers: response.headers, body: await response.json() };
}

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

describe("toProblem()", () => {
  it("answers a refusal with its code, status, title, detail and fields", async () => {
    const error = new RefusedError("EVENT_TOO_LARGE", 'Cannot accept event: too "large"', { limit: 5, index: 2 });
    const { response, headers, body } = await answer(error);
    expect(response.status).toBe(413);
    expect(headers.get("content-type")).toBe("application/problem+json");
    expect(body).toEqual({
      type: "urn:weft:error:EVENT_TOO_LARGE",
      code: "EVENT_TOO_LARGE",
      title: "Event too large",
      status: 413,
      detail: 'Cannot accept event: too "large"',
      limit: 5,
      index: 2,
    });
  });

  it("never lets a field of the error replace a member of the problem", async () => {
    const { body } = await answer(new RefusedError("NOT_FOUND", "gone", { status: 200, code: "OK", type: "x" }));
    expect(body).toMatchObject({ status: 404, code: "NOT_FOUND", type: "urn:weft:error:NOT_FOUND" });
  });

  it("says where in the JSON a codec stopped", async () => {
    const { response, body } = await answer(new CodecError("MALFORMED_JSON", "Cannot read JSON", { position: 17 }));
    expect(response.status).toBe(400);
    expect(body).toMatchObject({ code: "MALFORMED_JSON", position: 17 });
  });

  it("lists every event of a batch that is wrong", async () => {
    const errors = [
      new CodecError("MISSING_ATTRIBUTE", "no id", { attribute: "id", index: 0 }),
      new CodecError("INVALID_ATTRIBUTE", "bad time", { attribute: "time", index: 3 }),
    ];
    const { body } = await answer(new CodecError("MISSING_ATTRIBUTE", "no id", { index: 0, errors }));
    expect(body.errors).toEqual([
      { index: 0, code: "MISSING_ATTRIBUTE", detail: "no id", attribute: "id" },
      { index: 3, code: "INVALID_ATTRIBUTE", detail: "bad time", attribute: "time" },
    ]);
  });

  it("knows invalid topics and patterns", async () => {
    expect((await answer(thrownBy(() => parseTopic("a..b")))).body).toMatchObject({
      code: "INVALID_TOPIC",
      status: 400,
    });
    expect((await answer(thrownBy(() => parsePattern("a.>.b")))).body).toMatchObject({ code: "INVALID_PATTERN" });
  });

  it("says when to come back to a store that is full", async () => {
    const error = new StoreFullError("Cannot store event: full", { full: "disk", retryAfterMs: 1500 });
    const { response, headers, body } = await answer(error);
    expect(response.status).toBe(503);
    expect(headers.get("retry-after")).toBe("2");
    expect(body).toMatchObject({ code: "STORE_FULL", full: "disk" });
  });

  it("gives every 429 and 503 a Retry-After", async () => {
    const errors = [
      new StoreClosedError("closed"),
      new RefusedError("OVERLOADED", "busy"),
      new RefusedError("TOO_MANY_PULLS", "busy"),
    ];
    for (const error of errors) expect(Number((await answer(error)).headers.get("retry-after"))).toBeGreaterThan(0);
  });

  it("hides what fails inside, and reports it", async () => {
    const failures: unknown[] = [];
    const secret = new TypeError("cannot read /home/alice/.weft/weft.db");
    const response = toProblem(secret, { onFailure: (error) => failures.push(error) });
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(text).not.toContain("alice");
    expect(JSON.parse(text).code).toBe("INTERNAL");
    expect(failures).toEqual([secret]);
  });

  it("hides the words of a failed store, and reports them", async () => {
    const failures: unknown[] = [];
    const response = toProblem(new StoreFailedError("disk I/O error in /data/weft.db"), {
      onFailure: (error) => failures.push(error),
    });
    expect(response.status).toBe(503);
    expect(await response.text()).not.toContain("/data");
    expect(failures).toHaveLength(1);
  });

  it("treats a code that is not in the list as a defect", async () => {
    expect((await answer(new RefusedError("NO_SUCH_CODE", "words"))).response.status).toBe(500);
  });

  it("reports no refusal as a failure", () => {
    const failures: unknown[] = [];
    toProblem(new RefusedError("NOT_FOUND", "gone"), { onFailure: (error) => failures.push(error) });
    expect(failures).toHaveLength(0);
  });

  it("tells the code to whoever counts", () => {
    const codes: string[] = [];
    toProblem(new RefusedError("NOT_FOUND", "gone"), { ...quiet, onProblem: (code) => codes.push(code) });
    expect(codes).toEqual(["NOT_FOUND"]);
  });

  it("names the methods of a path on 405", async () => {
    const { response, headers } = await answer(
      new RefusedError("METHOD_NOT_ALLOWED", "no", { allow: ["GET", "POST"] }),
    );
    expect(response.status).toBe(405);
    expect(headers.get("allow")).toBe("GET, POST");
  });

  it("challenges without an error code when there were no credentials", async () => {
    const { headers } = await answer(new RefusedError("UNAUTHENTICATED", "who?", { reason: "missing" }));
    expect(headers.get("www-authenticate")).toBe('Bearer realm="weft"');
  });

  it("challenges with invalid_token when the credentials are no good", async () => {
    const { headers } = await answer(new RefusedError("UNAUTHENTICATED", "who?", { reason: "expired" }));
    expect(headers.get("www-authenticate")).toContain('error="invalid_token"');
  });

  it("names the missing scope on 403, whatever characters its topic has", async () => {
    const { headers } = await answer(new RefusedError("FORBIDDEN", "no", { scope: 'weft:publish:заказ."x"' }));
    const challenge = headers.get("www-authenticate")!;
    expect(challenge).toContain("weft:publish:%D0%B7");
    expect(challenge).toContain(".%22x%22");
  });
});
