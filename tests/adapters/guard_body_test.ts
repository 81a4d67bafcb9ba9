/** Reading a body within limits. */

import { describe, expect, it } from "bun:test";

import { Deadlines } from "../../adapters/door/http/guard/deadlines.ts";
import { readBody } from "../../adapters/door/http/guard/mod.ts";
import { FakeClock } from "../support/fake_clock.ts";

const options = { bytesMax: 10, timeoutMs: 1000 };

function posting(body: BodyInit | null, headers: Record<string, string> = {}): Request {
  const init = { method: "POST", body, headers, duplex: "half" };
  return new Request("http://127.0.0.1/", init as RequestInit);
}

function streamOf(...chunks: string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
      controller.close();
    },
  });
}

async function textOf(request: Request): Promise<string> {
  return new TextDecoder().decode(await readBody(request, options));
}

async function codeOf(reading: Promise<unknown>): Promise<unknown> {
  return await reading.then(() => "none", (error) => (error as { code: unknown }).code);
}

describe("readBody()", () => {
  it("gives the bytes, of announced length or in chunks", async () => {
    expect(await textOf(posting("0123456789", { "content-length": "10" }))).toBe("0123456789");
    expect(await textOf(posting(streamOf("01234", "56789")))).toBe("0123456789");
    expect(await textOf(posting(streamOf("0123456789")))).toBe("0123456789");
  });

  it("gives no bytes where there is no body", async () => {
    expect(await textOf(posting(null))).toBe("");
    expect(await textOf(posting(null, { "content-length": "0" }))).toBe("");
    expect(await textOf(posting(streamOf()))).toBe("");
  });

  it("refuses a body that is announced too long, without reading it", async () => {
    const request = posting("0123456789a", { "content-length": "11" });
    expect(await codeOf(readBody(request, options))).toBe("BODY_TOO_LARGE");
    expect(request.bodyUsed).toBe(false);
  });

  it("stops reading chunks when they become too long", async () => {
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(4)),
      cancel: () => void (cancelled = true),
    });
    expect(await codeOf(readBody(posting(endless), options))).toBe("BODY_TOO_LARGE");
    expect(cancelled).toBe(true);
  });

  it("refuses a body that is not complete in time", async () => {
    const clock = new FakeClock();
    const stalled = posting(new ReadableStream<Uint8Array>({ pull: () => new Promise(() => undefined) }));
    const outcome = codeOf(readBody(stalled, { ...options, deadlines: new Deadlines(clock) }));
    await clock.advance(options.timeoutMs + 250);
    expect(await outcome).toBe("REQUEST_TIMEOUT");
  });

  it("says that the body broke off", async () => {
    const broken = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error("reset")) });
    expect(await codeOf(readBody(posting(broken), options))).toBe("BODY_INCOMPLETE");
  });
});

describe("Deadlines", () => {
  it("calls what is late, at most a sweep after its time, and nothing else", async () => {
    const clock = new FakeClock();
    const deadlines = new Deadlines(clock);
    const late: string[] = [];
    deadlines.watch(100, () => late.push("short"));
    deadlines.watch(1000, () => late.push("long"));
    deadlines.end(deadlines.watch(100, () => late.push("ended")));
    await clock.advance(350);
    expect(late).toEqual(["short"]);
    await clock.advance(900);
    expect(late).toEqual(["short", "long"]);
  });

  it("has no timer while there is nothing to watch, and one again later", async () => {
    const clock = new FakeClock();
    const deadlines = new Deadlines(clock);
    deadlines.end(deadlines.watch(100, () => undefined));
    await clock.advance(250);
    expect(clock.pending).toBe(0);
    let late = false;
    deadlines.watch(100, () => void (late = true));
    await clock.advance(250);
    expect(late).toBe(true);
  });
});
