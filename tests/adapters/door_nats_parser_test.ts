/** What the parser of the NATS endpoint makes of bytes, however they are cut and whatever they are. */

import { Buffer } from "node:buffer";

import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { type ProtocolHandler, ProtocolParser } from "../../adapters/door/nats/protocol_parser.ts";

const PAYLOAD_MAX = 2_000_000;

/** Writes down what the parser says. */
class Recorder implements ProtocolHandler {
  readonly calls: string[] = [];
  parser: ProtocolParser | undefined;
  payloads: Uint8Array[] = [];

  connect(options: string) {
    this.calls.push(`connect ${options}`);
  }
  publish({ subject, reply, headers, payload }: Parameters<ProtocolHandler["publish"]>[0]) {
    this.payloads.push(payload);
    const text = (bytes: Uint8Array | undefined) => bytes === undefined ? "-" : Buffer.from(bytes).toString("latin1");
    this.calls.push(`publish ${subject} ${reply ?? "-"} ${text(headers)} ${text(payload)}`);
  }
  subscribe(subject: string, queue: string | undefined, sid: string) {
    this.calls.push(`subscribe ${subject} ${queue ?? "-"} ${sid}`);
  }
  unsubscribe(sid: string, max: number | undefined) {
    this.calls.push(`unsubscribe ${sid} ${max ?? "-"}`);
  }
  ping() {
    this.calls.push("ping");
  }
  pong() {
    this.calls.push("pong");
  }
  fault({ error }: { error: string | undefined }) {
    this.calls.push(`fault ${error ?? "-"}`);
  }
}

function parse(chunks: readonly (string | Buffer)[], { headers = true, connectOnly = false } = {}): Recorder {
  const recorder = new Recorder();
  const parser = new ProtocolParser(recorder, { payloadBytesMax: PAYLOAD_MAX });
  recorder.parser = parser;
  parser.headers = headers;
  parser.connectOnly = connectOnly;
  for (const chunk of chunks) parser.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
  return recorder;
}

/** Cuts bytes at places that come from numbers in [0, 1). */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((place) => Math.floor(place * bytes.length)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, i) => Buffer.from(bytes.subarray(at[i], end))).filter(({ length }) => length > 0);
}

const word = fc.stringMatching(/^[a-zA-Z0-9._>*$-]{1,20}$/);
const payload = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const spelling = fc.constantFrom((text: string) => text, (text: string) => text.toLowerCase());
const operation = fc.oneof(
  fc.tuple(spelling, word, fc.option(word), payload).map(([spell, subject, reply, data]) => ({
    bytes: Buffer.concat([
      Buffer.from(`${spell("PUB")} ${subject} ${reply === null ? "" : `${reply} `}${data.length}\r\n`),
      data,
      Buffer.from("\r\n"),
    ]),
    call: `publish ${subject} ${reply ?? "-"} - ${data.toString("latin1")}`,
  })),
  fc.tuple(spelling, word, fc.option(word), payload, payload.filter(({ length }) => length > 0)).map(
    ([spell, subject, reply, data, head]) => ({
      bytes: Buffer.concat([
        Buffer.from(
          `${spell("HPUB")}\t${subject}  ${reply === null ? "" : `${reply} `}${head.length} ${
            head.length + data.length
          }\r\n`,
        ),
        head,
        data,
        Buffer.from("\r\n"),
      ]),
      call: `publish ${subject} ${reply ?? "-"} ${head.toString("latin1")} ${data.toString("latin1")}`,
    }),
  ),
  fc.tuple(spelling, word, fc.option(word), word).map(([spell, subject, queue, sid]) => ({
    bytes: Buffer.from(`${spell("SUB")} ${subject} ${queue === null ? "" : `${queue} `}${sid}\n`),
    call: `subscribe ${subject} ${queue ?? "-"} ${sid}`,
  })),
  fc.tuple(spelling, word, fc.option(fc.integer({ min: 1, max: 1e6 }))).map(([spell, sid, max]) => ({
    bytes: Buffer.from(`${spell("UNSUB")} ${sid}${max === null ? "" : ` ${max}`}\r\n`),
    call: `unsubscribe ${sid} ${max ?? "-"}`,
  })),
  fc.constant({ bytes: Buffer.from("PING\r\n"), call: "ping" }),
  fc.constant({ bytes: Buffer.from("pong\r\n"), call: "pong" }),
  word.map((name) => ({ bytes: Buffer.from(`CONNECT {"name":"${name}"}\r\n`), call: `connect {"name":"${name}"}` })),
);

describe("ProtocolParser.push()", () => {
  it("reads the same from the same bytes, however they are cut", () => {
    fc.assert(fc.property(
      fc.array(operation, { maxLength: 12 }),
      fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { maxLength: 30 }),
      (operations, places) => {
        const bytes = Buffer.concat(operations.map((operation) => operation.bytes));
        expect(parse(cut(bytes, places)).calls).toEqual(operations.map(({ call }) => call));
      },
    ));
  });

  it("reads byte by byte", () => {
    const text = "CONNECT {}\r\nSUB a.> q 1\r\nHPUB a.b r 12 14\r\nNATS/1.0\r\n\r\nhi\r\nUNSUB 1 3\r\nPING\r\n";
    const { calls } = parse([...text]);
    expect(calls).toEqual(parse([text]).calls);
    expect(calls).toHaveLength(5);
  });

  it("never throws on garbage, and reads nothing after a fault", () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom(
        "PUB",
        " ",
        "SUB a",
        "\r\n",
        "HPUB a 5 3\r\n",
        "-ERR 'x'\r\n",
        "PUB a 99999999999\r\n",
        "PUB a -1\r\n",
      )
        .map((text) => Buffer.from(text)),
      operation.map(({ bytes }) => bytes),
    );
    fc.assert(fc.property(fc.array(noise, { maxLength: 15 }), (chunks) => {
      const { calls } = parse(chunks);
      const fault = calls.findIndex((call) => call.startsWith("fault"));
      expect(fault === -1 || fault === calls.length - 1).toBe(true);
    }));
  });

  it("refuses what can become no operation before the line ends", () => {
    expect(parse(["PUX"]).calls).toEqual(["fault Unknown Protocol Operation"]);
    expect(parse(["P", "I", "N", "X"]).calls).toEqual(["fault Unknown Protocol Operation"]);
    expect(parse(["GET / HTTP/1.1\r\n"]).calls).toEqual(["fault Unknown Protocol Operation"]);
    expect(parse(["SUBA 1\r\n"]).calls).toEqual(["fault Unknown Protocol Operation"]);
    expect(parse(["MSG a 1 0\r\n\r\n"]).calls).toEqual(["fault Unknown Protocol Operation"]);
  });

  it("ends a line that grows past 4 KiB, however it comes", () => {
    const long = `SUB ${"a".repeat(4200)}`;
    for (const chunks of [[long], [...long], [`${long} 1\r\n`], [long.slice(0, 4050), `${long.slice(4050)} 1\r\n`]]) {
      expect(parse(chunks).calls).toEqual(["fault maximum control line exceeded"]);
    }
    expect(parse([`SUB ${"a".repeat(4090)} 1\r\n`]).calls).toHaveLength(1);
  });

  it("ends a message larger than allowed when it is announced", () => {
    expect(parse([`PUB a ${PAYLOAD_MAX + 1}\r\n`]).calls).toEqual(["fault Maximum Payload Violation"]);
    expect(parse([`HPUB a 10 ${PAYLOAD_MAX + 1}\r\n`]).calls).toEqual(["fault Maximum Payload Violation"]);
  });

  it("ends a payload that does not end where it said", () => {
    expect(parse(["PUB a 2\r\nabc\r\n"]).calls).toEqual(["fault Unknown Protocol Operation"]);
    expect(parse(["PUB a 2\r\nab", "\n"]).calls).toEqual(["fault Unknown Protocol Operation"]);
  });

  it("closes without a word on arguments that are none", () => {
    const lines = ["PUB a", "PUB a b c 1", "PUB a x", "HPUB a 5 3", "HPUB a 1", "SUB a", "SUB a b c d", "UNSUB a b c"];
    for (const line of lines) {
      expect({ line, calls: parse([`${line}\r\n`]).calls }).toEqual({ line, calls: ["fault -"] });
    }
    expect(parse(["HPUB a 0 0\r\n\r\n"], { headers: false }).calls).toEqual(["fault -"]);
  });

  it("lets nobody do anything but CONNECT until it is known who it is", () => {
    for (const start of ["P", "SUB a 1\r\n", "PING\r\n", "x"]) {
      expect(parse([start], { connectOnly: true }).calls).toEqual(["fault Authorization Violation"]);
    }
    expect(parse(["CONNECT {}\r\n"], { connectOnly: true }).calls).toEqual(["connect {}"]);
  });

  it("does not copy a payload that came in one piece, and gives one that came in many a buffer of its size", () => {
    const whole = Buffer.from("PUB a 5\r\nhello\r\n");
    expect(parse([whole]).payloads[0].buffer).toBe(whole.buffer);
    const large = Buffer.alloc(1_500_000, 7);
    const bytes = Buffer.concat([Buffer.from(`PUB a ${large.length}\r\n`), large, Buffer.from("\r\n")]);
    const [read] = parse(cut(bytes, [0.1, 0.35, 0.6, 0.7, 0.9])).payloads;
    expect(Buffer.from(read).equals(large)).toBe(true);
    const frame = Buffer.concat([Buffer.from("PUB a 300000\r\n"), Buffer.alloc(300_000, 1), Buffer.from("\r\n")]);
    expect(parse(cut(frame, [0.2, 0.8])).payloads[0].buffer.byteLength).toBe(300_000);
  });

  it("takes a subject that is not UTF-8 for an empty one, and UTF-8 for what it is", () => {
    expect(parse([Buffer.from("SUB a\xff 1\r\n", "latin1")]).calls).toEqual(["subscribe  - 1"]);
    expect(parse(["SUB füße.> 1\r\n"]).calls).toEqual(["subscribe füße.> - 1"]);
  });
});

describe("ProtocolParser.hold", () => {
  it("keeps what came, and lets it through in order", () => {
    const recorder = parse(["PING\r\n"]);
    const parser = recorder.parser!;
    parser.hold = "everything";
    for (const chunk of ["SUB a 1\r\nPI", "NG\r\nPUB a 2\r\nh", "i\r\n"]) parser.push(Buffer.from(chunk));
    expect(recorder.calls).toEqual(["ping"]);
    expect(parser.waiting).toBe(true);
    parser.hold = "nothing";
    expect(recorder.calls).toEqual(["ping", "subscribe a - 1", "ping", "publish a - - hi"]);
    expect(parser.waiting).toBe(false);
  });

  it("lets subscriptions through, but what follows them only later", () => {
    const recorder = parse([]);
    const parser = recorder.parser!;
    parser.hold = "allButSubscribe";
    for (const chunk of ["SUB a 1\r\nS", "UB b 2\r\nP", "ING\r\nSUB c 3\r\n"]) parser.push(Buffer.from(chunk));
    expect(recorder.calls).toEqual(["subscribe a - 1", "subscribe b - 2"]);
    parser.hold = "nothing";
    expect(recorder.calls).toEqual(["subscribe a - 1", "subscribe b - 2", "ping", "subscribe c - 3"]);
  });

  it("can be set while an operation is dealt with", () => {
    const recorder = parse([]);
    const parser = recorder.parser!;
    const ping = recorder.ping.bind(recorder);
    recorder.ping = () => {
      ping();
      parser.hold = "everything";
    };
    parser.push(Buffer.from("PING\r\nPONG\r\n"));
    expect(recorder.calls).toEqual(["ping"]);
    parser.hold = "nothing";
    expect(recorder.calls).toEqual(["ping", "pong"]);
  });
});
