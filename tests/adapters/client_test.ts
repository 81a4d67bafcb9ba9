import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { connect, readServerSentEvents, type ServerSentEvent, WeftError } from "../../adapters/client/mod.ts";
import { LineSplitter } from "../../adapters/client/line_splitter.ts";

const encoder = new TextEncoder();

/** A body in the pieces given; it stays open when `open`, and fails at its end with `failure`. */
function bodyOf(
  pieces: readonly (string | Uint8Array)[],
  { open = false, failure }: { open?: boolean; failure?: Error } = {},
) {
  const left = [...pieces];
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = left.shift();
      if (piece !== undefined) return controller.enqueue(typeof piece === "string" ? encoder.encode(piece) : piece);
      if (failure !== undefined) return controller.error(failure);
      if (!open) controller.close();
      else return new Promise(() => undefined);
    },
  });
}

async function readAll(...pieces: (string | Uint8Array)[]): Promise<ServerSentEvent[]> {
  const messages: ServerSentEvent[] = [];
  for await (const message of readServerSentEvents(bodyOf(pieces))) messages.push(message);
  return messages;
}

describe("LineSplitter", () => {
  it("gives the same lines wherever the text is cut, and whatever ends them", () => {
    const line = fc.string().map((text) => text.replace(/[\r\n]/g, "_"));
    const text = fc.array(fc.tuple(line, fc.constantFrom("\n", "\r", "\r\n")), { maxLength: 20 });
    fc.assert(fc.property(text, fc.array(fc.nat(40), { maxLength: 20 }), (parts, cuts) => {
      // An empty line after a CR would make a CRLF of two ends.
      fc.pre(parts.every(([own, end], i) => !(own === "" && end !== "\r" && parts[i - 1]?.[1] === "\r")));
      const whole = parts.map(([own, end]) => own + end).join("");
      const splitter = new LineSplitter(1000);
      const lines: string[] = [];
      let from = 0;
      for (const cut of cuts) {
        lines.push(...splitter.push(whole.slice(from, from + cut)));
        from += cut;
      }
      lines.push(...splitter.push(whole.slice(from)));
      expect(lines).toEqual(parts.map(([own]) => own));
    }));
  });

  it("refuses a line that never ends", () => {
    const splitter = new LineSplitter(10);
    splitter.push("x".repeat(10));
    expect(() => splitter.push("x")).toThrow("longer than 10");
  });
});

describe("readServerSentEvents()", () => {
  it("reads fields, joins lines of data and skips comments", async () => {
    expect(await readAll(": hello\nid: 7\nevent: order.placed\ndata: {\ndata:}\n\n:\n\ndata: x\n\n")).toEqual([
      { id: "7", event: "order.placed", data: "{\n}" },
      { id: undefined, event: "message", data: "x" },
    ]);
  });

  it("reads CRLF, CR and LF alike, also when a CRLF is cut in two", async () => {
    for (const end of ["\n", "\r", "\r\n"]) {
      const text = `id: 1${end}data: a${end}${end}id: 2${end}data: b${end}${end}`;
      const pieces = Array.from(text);
      expect((await readAll(...pieces)).map(({ id, data }) => [id, data])).toEqual([["1", "a"], ["2", "b"]]);
    }
  });

  it("gives a message as soon as its last line has ended", async () => {
    const messages = readServerSentEvents(bodyOf(["data: now\r\r"], { open: true }));
    expect((await messages.next()).value?.data).toBe("now");
    await messages.return(undefined);
  });

  it("reads characters of several bytes that are cut in two", async () => {
    const bytes = encoder.encode("data: grüß 🙂\n\n");
    const pieces = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
    expect((await readAll(...pieces))[0].data).toBe("grüß 🙂");
  });

  it("reads a line of many pieces in one pass", async () => {
    const piece = "x".repeat(16 * 1024);
    const pieces = ["data: ", ...Array.from({ length: 1024 }, () => piece), "\n\n"];
    const before = performance.now();
    expect((await readAll(...pieces))[0].data).toHaveLength(16 * 1024 * 1024);
    expect(performance.now() - before).toBeLessThan(4000); // looking at all of it with each piece takes a minute
  });

  it("drops a message that the end of the stream cuts off", async () => {
    expect(await readAll("data: whole\n\n", "data: half\n")).toHaveLength(1);
  });

  it("ends with a TimeoutError when nothing comes, not even a comment", async () => {
    const messages = readServerSentEvents(bodyOf([": hello\n"], { open: true }), { idleMs: 20 });
    expect(await messages.next().then(() => undefined, (error) => error.name)).toBe("TimeoutError");
  });

  it("cancels the body when it is left", async () => {
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(encoder.encode("data: x\n\n")),
      cancel: () => void (cancelled = true),
    });
    for await (const _ of readServerSentEvents(body)) break;
    expect(cancelled).toBe(true);
  });
});

/** A client whose requests the test answers, in order. */
function connectTo(...answers: ((request: { url: string; headers: Headers }) => Response)[]) {
  const seen: { url: string; headers: Headers }[] = [];
  const send = (url: string, init: RequestInit) => {
    const request = { url, headers: new Headers(init.headers) };
    seen.push(request);
    const answer = answers.shift();
    if (answer === undefined) return Promise.reject(new TypeError("connection refused"));
    return Promise.resolve(answer(request));
  };
  return { client: connect("http://node.test/", { token: "secret", fetch: send as typeof fetch }), seen };
}

const ready = 'event: ready\ndata: {"cursor":"c0"}\n\n';
const message = (id: string) => `id: ${id}\nevent: a\ndata: {"id":"${id}"}\n\n`;
const problem = (status: number, code: string) => new Response(JSON.stringify({ code, detail: code }), { status });

async function take(count: number, events: AsyncIterableIterator<{ cursor: string }>): Promise<string[]> {
  const cursors: string[] = [];
  for await (const { cursor } of events) {
    cursors.push(cursor);
    if (cursors.length === count) break;
  }
  return cursors;
}

describe("Client.subscribe()", () => {
  it("connects again after the last event when the connection breaks", async () => {
    const { client, seen } = connectTo(
      () => new Response(bodyOf([ready, message("c1")], { failure: new TypeError("connection reset") })),
      () => problem(503, "OVERLOADED"),
      () => new Response(bodyOf([ready, message("c2")], { open: true })),
    );
    expect(await take(2, client.subscribe("order.>", { since: "earliest" }))).toEqual(["c1", "c2"]);
    expect(seen.map(({ headers }) => headers.get("last-event-id"))).toEqual([null, "c1", "c1"]);
    expect(seen.map(({ url }) => new URL(url).searchParams.get("since"))).toEqual(["earliest", null, null]);
    expect(seen[0].headers.get("authorization")).toBe("Bearer secret");
  });

  it("begins again where the first connection began when no event came on it", async () => {
    const { client, seen } = connectTo(
      () => new Response(bodyOf([ready])),
      () => new Response(bodyOf([ready, message("c1")], { open: true })),
    );
    expect(await take(1, client.subscribe("order.>"))).toEqual(["c1"]);
    expect(seen[1].headers.get("last-event-id")).toBe("c0");
  });

  it("ends with the problem when the node refuses", async () => {
    const { client, seen } = connectTo(() => problem(409, "CURSOR_FOREIGN"));
    const error = await take(1, client.subscribe("order.>")).then(() => undefined, (error) => error);
    expect(error).toBeInstanceOf(WeftError);
    expect([error.code, error.status, seen.length]).toEqual(["CURSOR_FOREIGN", 409, 1]);
  });

  it("does not connect again and again for a message that it cannot read", async () => {
    const { client, seen } = connectTo(() => new Response(bodyOf(["id: c1\ndata: {\n\n"])));
    const error = await take(1, client.subscribe("order.>")).then(() => undefined, (error) => error);
    expect(error).toBeInstanceOf(SyntaxError);
    expect(seen).toHaveLength(1);
  });

  it("tells of what is missing", async () => {
    const gaps: unknown[] = [];
    const gap = 'event: gap\ndata: {"from":2,"to":3,"reason":"RETENTION"}\n\n';
    const { client } = connectTo(() => new Response(bodyOf([ready, gap, message("c4")], { open: true })));
    await take(1, client.subscribe("order.>", { onGap: (missing) => gaps.push(missing) }));
    expect(gaps).toEqual([{ from: 2, to: 3, reason: "RETENTION" }]);
  });

  it("ends while it waits to connect again when its signal says so", async () => {
    const leave = new AbortController();
    const { client } = connectTo(() => (leave.abort(), problem(503, "OVERLOADED")));
    expect(await take(1, client.subscribe("order.>", { signal: leave.signal }))).toEqual([]);
  });
});
