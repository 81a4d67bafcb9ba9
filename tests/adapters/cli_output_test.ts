import fc from "fast-check";
import { describe, expect, it } from "bun:test";

import { WeftError } from "../../adapters/client/mod.ts";
import { parseAttributes, parseHeaders, toStructuredText } from "../../adapters/cli/event_draft.ts";
import { renderEventLine } from "../../adapters/cli/event_line.ts";
import { CommandError, ExitCode, exitCodeOf, UsageError } from "../../adapters/cli/exit_codes.ts";
import { toCountText, toDurationText, toSizeText } from "../../adapters/cli/humanize.ts";
import { Latencies, renderHistogram } from "../../adapters/cli/latencies.ts";
import { paintFor, toPrintable } from "../../adapters/cli/paint.ts";
import { parseJson } from "../../adapters/cli/parse_json.ts";
import { createProgress } from "../../adapters/cli/progress.ts";
import { toReceiversText } from "../../adapters/cli/commands/explain.ts";
import { printSubscription } from "../../adapters/cli/commands/subscription_read.ts";
import type { SubscriptionResource } from "../../adapters/cli/subscription_resource.ts";
import { renderFields, renderTable } from "../../adapters/cli/table.ts";
import type { CommandContext } from "../../adapters/cli/command.ts";
import { RecordingScreen } from "./cli_support.ts";

interface Row {
  readonly name: string;
  readonly count: number | null;
}

const columns = [
  { title: "NAME", cell: ({ name }: Row) => name },
  { title: "COUNT", cell: ({ count }: Row) => count, align: "right" },
] as const;

describe("renderTable()", () => {
  it("aligns columns, numbers to the right, and shows what is missing as -", () => {
    const rows = [{ name: "order.placed", count: 7 }, { name: "x", count: null }];
    expect(renderTable(columns, rows, new RecordingScreen())).toBe(
      "NAME          COUNT\norder.placed      7\nx                 -\n",
    );
  });

  it("cuts lines to the terminal, and nowhere else", () => {
    const rows = [{ name: "x".repeat(80), count: 1 }];
    const narrow = renderTable(columns, rows, new RecordingScreen({ isTerminal: true, columns: 20 }));
    expect(narrow.split("\n")[1]).toBe(`${"x".repeat(19)}…`);
    expect(renderTable(columns, rows, new RecordingScreen({ columns: 20 }))).toContain("x".repeat(80));
  });

  it("never lets data steer the terminal", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (name) => {
      const text = renderTable(columns, [{ name, count: 1 }], new RecordingScreen());
      // deno-lint-ignore no-control-regex -- control characters are what this is about
      expect(text.replaceAll("\n", "")).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
    }));
  });
});

describe("renderFields()", () => {
  it("leaves out what is not there", () => {
    expect(renderFields({ id: "audit", group: undefined, error: null, lag: 0 }, new RecordingScreen())).toBe(
      "id   audit\nlag  0\n",
    );
  });
});

describe("paintFor()", () => {
  it("colours only where colours are welcome", () => {
    expect(paintFor({ colors: false }).red("x")).toBe("x");
    expect(paintFor({ colors: true }).red("x")).toBe("\x1b[31mx\x1b[39m");
  });
});

describe("toPrintable()", () => {
  it("writes control characters out", () => {
    expect(toPrintable("a\x1b[2J\n\u202eb")).toBe("a\\u001b[2J\\n\\u202eb");
  });
});

describe("humanize", () => {
  it("writes sizes in binary units", () => {
    expect([0, 1023, 1536, 10 * 1024 ** 3].map(toSizeText)).toEqual(["0 B", "1023 B", "1.5 KiB", "10.0 GiB"]);
  });

  it("writes durations with the unit that fits", () => {
    expect([0.25, 4.2, 250, 1500, 93_000, 7_200_000, 200_000_000].map(toDurationText)).toEqual(
      ["0.25 ms", "4.2 ms", "250 ms", "1.5 s", "1min 33s", "2h 0min", "2d 7h"],
    );
  });

  it("groups digits by thousands", () => {
    expect([0, 999, 1000, 1_234_567].map(toCountText)).toEqual(["0", "999", "1,000", "1,234,567"]);
  });
});

describe("parseJson()", () => {
  it("keeps every number as it was written", () => {
    const text = '{"big":12345678901234567890,"exact":0.10,"list":[1e400,-0.0],"plain":7}';
    expect(JSON.stringify(parseJson(text))).toBe(text);
  });

  it("gives plain numbers as numbers", () => {
    expect(parseJson('{"a":7,"b":[1.5]}')).toEqual({ a: 7, b: [1.5] });
  });
});

describe("toStructuredText()", () => {
  const draft = {
    topic: "order.placed",
    id: "1",
    source: "/shop",
    type: "order.placed",
    attributes: {},
    contentType: undefined,
  };
  const encode = (data: string | Uint8Array) => typeof data === "string" ? new TextEncoder().encode(data) : data;
  const structured = (data: string | Uint8Array, contentType?: string) =>
    toStructuredText({ ...draft, data: encode(data), contentType });

  it("takes JSON as JSON, and keeps it as it was written", () => {
    expect(structured('{"total": 12345678901234567890}')).toContain(
      '"datacontenttype":"application/json","data":{"total": 12345678901234567890}}',
    );
  });

  it("takes other text as text, and bytes as bytes", () => {
    expect(JSON.parse(structured("hello"))).toMatchObject({
      datacontenttype: "text/plain; charset=utf-8",
      data: "hello",
    });
    expect(JSON.parse(structured(new Uint8Array([255, 0])))).toMatchObject({
      datacontenttype: "application/octet-stream",
      data_base64: "/wA=",
    });
  });

  it("believes the content type it is told", () => {
    expect(JSON.parse(structured("42", "text/plain"))).toMatchObject({ datacontenttype: "text/plain", data: "42" });
    expect(JSON.parse(structured("{", "application/json"))).toMatchObject({ data_base64: "ew==" });
  });

  it("has no data member without data", () => {
    const event = JSON.parse(toStructuredText({ ...draft, data: undefined }));
    expect(Object.keys(event)).toEqual(["specversion", "id", "source", "type", "time"]);
  });

  it("is an event with the very same data, whatever text it is given", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
      const { data, data_base64 } = JSON.parse(structured(text, "text/plain"));
      expect(data ?? data_base64).toBe(text);
    }));
  });
});

describe("parseAttributes() and parseHeaders()", () => {
  it("read pairs, with whatever stands in the value", () => {
    expect(parseAttributes(["a=1=2", "b="])).toEqual({ a: "1=2", b: "" });
    expect(parseHeaders(["Weft-Ttl-Ms: 5", "A:b:c"], "pub")).toEqual({ "Weft-Ttl-Ms": "5", A: "b:c" });
  });

  it("refuse what is no pair", () => {
    expect(() => parseAttributes(["Trace-Id=1"])).toThrow("NAME=VALUE");
    expect(() => parseHeaders(["nothing"], "pub")).toThrow("NAME: VALUE");
  });
});

describe("renderEventLine()", () => {
  const event = { specversion: "1.0", id: "1", source: "/shop", type: "order.placed", data: { a: 1 } };
  const paint = paintFor({ colors: false });

  it("shows topic, id, source, extensions and data", () => {
    expect(renderEventLine({ topic: "order.placed", event: { ...event, partitionkey: "k" } }, paint)).toBe(
      'order.placed id=1 source=/shop partitionkey=k {"a":1}',
    );
  });

  it("tells how many bytes there are instead of showing them", () => {
    const { data: _, ...head } = event;
    const line = renderEventLine({ topic: "image", event: { ...head, data_base64: "/wA=" } }, paint);
    expect(line).toBe("image id=1 source=/shop type=order.placed (2 bytes)");
  });
});

describe("Latencies", () => {
  it("names quantiles by nearest rank", () => {
    const latencies = new Latencies();
    for (let ms = 1; ms <= 100; ms++) latencies.add(ms);
    expect(latencies.summary).toEqual({ count: 100, meanMs: 50.5, p50Ms: 50, p90Ms: 90, p99Ms: 99, maxMs: 100 });
  });

  it("counts every value in exactly one bucket", () => {
    const positive = fc.double({ min: 0.001, max: 1e6, noNaN: true });
    fc.assert(fc.property(fc.array(positive, { minLength: 1 }), (values) => {
      const latencies = new Latencies();
      for (const value of values) latencies.add(value);
      expect(latencies.buckets().reduce((sum, { count }) => sum + count, 0)).toBe(values.length);
    }));
  });

  it("draws a bar for each bucket", () => {
    expect(renderHistogram([{ upToMs: 1, count: 0 }, { upToMs: 2, count: 4 }])).toBe(
      `  ≤ 1.0 ms    0\n  ≤ 2.0 ms    4  ${"█".repeat(40)}\n`,
    );
  });
});

describe("createProgress()", () => {
  const contextOf = (chat: RecordingScreen, quiet = false) =>
    ({ terminal: { chat }, quiet }) as unknown as CommandContext;

  it("draws a bar where a person watches, and takes it away", () => {
    const chat = new RecordingScreen({ isTerminal: true });
    {
      using progress = createProgress(contextOf(chat), "copying", String);
      progress.update(5, 10);
    }
    expect(chat.text).toContain("copying");
    expect(chat.text).toContain(" 50%  5 of 10");
    expect(chat.text.endsWith("\r\x1b[2K")).toBe(true);
  });

  it("says nothing elsewhere, nor when told to be quiet", () => {
    for (
      const [chat, quiet] of [[new RecordingScreen(), false], [
        new RecordingScreen({ isTerminal: true }),
        true,
      ]] as const
    ) {
      createProgress(contextOf(chat, quiet), "copying", String).update(5, 10);
      expect(chat.text).toBe("");
    }
  });
});

describe("exitCodeOf()", () => {
  it("tells what kind of failure it was", () => {
    const ofStatus = (status: number) => exitCodeOf(new WeftError(status, {}));
    expect([400, 401, 403, 404, 410, 409, 503].map(ofStatus)).toEqual([1, 4, 4, 3, 3, 1, 1]);
    expect(exitCodeOf(new UsageError("x", ""))).toBe(2);
    expect(exitCodeOf(new CommandError(ExitCode.unreachable, "x"))).toBe(5);
    expect(exitCodeOf(new RangeError("x"))).toBe(1);
  });
});

describe("printSubscription()", () => {
  const show = async (waitsFor: unknown): Promise<string> => {
    const output = new RecordingScreen();
    const status = { state: "active", cursor: "c", heldBack: 2, oldestAgeMs: 0, lastError: null, waitsFor };
    const resource = { id: "audit", protocol: "PULL", config: { topic: "order.>" }, status };
    const context = { terminal: { output } } as unknown as CommandContext;
    await printSubscription(context, resource as unknown as SubscriptionResource);
    return output.text;
  };

  it("says for which events of which cluster an ordered one waits", async () => {
    expect(await show({ origin: "paris", epoch: 7, from: 3, to: 5 })).toMatch(/^waits for +3 to 5 of paris$/m);
    expect(await show({ origin: "paris", epoch: 7, from: 0, to: 0 })).toMatch(
      /^waits for +the word of paris on what is older than its epoch 7$/m,
    );
  });

  it("says nothing of that where it waits for nothing, or the node is of a version that does not tell", async () => {
    expect(await show(null)).not.toContain("waits for");
    expect(await show(undefined)).not.toContain("waits for");
  });
});

describe("toReceiversText()", () => {
  const held = { cluster: "oslo", subscriptions: [], reason: "BACK_PRESSURE" };

  it("counts the streams beside the subscriptions", () => {
    const audit = { id: "audit", group: null, match: true };
    const local = { cluster: "oslo", subscriptions: [audit], reason: "OK" };
    expect(toReceiversText({ ...local, streams: 2 }, [])).toBe("audit, 2 streams");
    expect(toReceiversText({ ...local, streams: 0 }, [])).toBe("audit");
    expect(toReceiversText({ ...local, subscriptions: [], streams: 1 }, [])).toBe("1 stream");
  });

  it("takes for streams what nobody explains", () => {
    expect(toReceiversText(held, [])).toBe("streams");
    expect(toReceiversText({ ...held, reason: "FILTERED" }, [])).toBeNull();
  });

  it("names no streams where a paused subscription is why the event goes there", () => {
    expect(toReceiversText(held, [{ where: "oslo", reason: "PAUSED" }])).toBeNull();
    expect(toReceiversText(held, [{ where: "rome", reason: "PAUSED" }])).toBe("streams");
    expect(toReceiversText({ ...held, reason: "OK" }, [{ where: "oslo", reason: "PAUSED" }])).toBe("streams");
  });
});
