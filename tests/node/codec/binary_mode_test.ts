import { describe, expect, it } from "bun:test";

import { createEvent, decodeBinary, encodeBinary, natsBinding } from "../../../node/codec/mod.ts";
import { bytesOf, codecErrorOf } from "./codec_support.ts";

type Headers = [string, string][];
const required: Headers = [["ce-specversion", "1.0"], ["ce-id", "1"], ["ce-source", "/alice"], [
  "ce-type",
  "order.placed",
]];
const withHeaders = (...headers: Headers) => decodeBinary([...required, ...headers], undefined);
const subjectOf = (value: string) => withHeaders(["ce-subject", value]).attributes.subject;
const errorOf = (...headers: Headers) => codecErrorOf(() => withHeaders(...headers));

describe("decodeBinary()", () => {
  it("keeps attributes in the order of arrival and takes Content-Type for datacontenttype", () => {
    const headers: Headers = [["host", "x"], ["ce-weft", "a"], ...required, [
      "content-type",
      "text/plain; charset=utf-8",
    ]];
    const event = decodeBinary(headers, bytesOf("hi"));
    expect(Object.entries(event.attributes)).toEqual([
      ["weft", "a"],
      ["specversion", "1.0"],
      ["id", "1"],
      ["source", "/alice"],
      ["type", "order.placed"],
      ["datacontenttype", "text/plain; charset=utf-8"],
    ]);
    expect(event.dataForm).toBe("binary");
  });

  it("tells no data from empty data", () => {
    expect(decodeBinary(required, undefined)).toMatchObject({ data: undefined, dataForm: undefined });
    expect(decodeBinary(required, new Uint8Array(0)).data).toEqual(new Uint8Array(0));
  });

  it("inherits no attribute from any prototype", () => {
    const { attributes } = withHeaders();
    expect([attributes.constructor, attributes.tostring, "toString" in attributes]).toEqual([
      undefined,
      undefined,
      false,
    ]);
  });

  it("reads the Headers of a request", () => {
    const request = new Request("http://localhost/", {
      method: "POST",
      headers: [...required, ["ce-subject", "%E2%82%AC"]],
    });
    expect(decodeBinary(request.headers, undefined).attributes.subject).toBe("€");
  });

  // The examples of the HTTP binding 1.0.2 §3.1.3.2, and what it says of quoted strings.
  it("decodes one round of percent-encoding", () => {
    expect(subjectOf("Euro%20%E2%82%AC%20%F0%9F%98%80")).toBe("Euro € 😀");
    expect(subjectOf("%2541")).toBe("%41");
    expect(subjectOf("%e2%82%ac")).toBe("€");
  });

  it("unquotes and unescapes a quoted string before it decodes percent signs", () => {
    expect(subjectOf('"a, \\"b\\" %25\\\\"')).toBe('a, "b" %\\');
  });

  it("leaves a percent sign without two hex digits, raw spaces and inner quotes as they are", () => {
    expect(subjectOf("100% of 5%z1 %")).toBe("100% of 5%z1 %");
    expect(subjectOf('{"a":1}')).toBe('{"a":1}');
  });

  it("reads raw UTF-8 bytes, which the Headers API shows as Latin-1", () => {
    expect(subjectOf("\u00e2\u0082\u00ac")).toBe("€");
  });

  it("refuses bytes that are not UTF-8", () => {
    for (const value of ["%ff", "%C3%28", "%ED%A0%80", "\u00e9"]) {
      expect(errorOf(["ce-subject", value])).toMatchObject({ code: "INVALID_ATTRIBUTE", attribute: "subject" });
    }
  });

  it("refuses a quoted string that is not closed or goes on", () => {
    expect(errorOf(["ce-subject", '"a']).code).toBe("INVALID_ATTRIBUTE");
    expect(errorOf(["ce-subject", '"a" b']).code).toBe("INVALID_ATTRIBUTE");
    expect(errorOf(["ce-subject", '"a\\"']).code).toBe("INVALID_ATTRIBUTE");
  });

  it("refuses a repeated header, joined or not, and explains both readings", () => {
    expect(errorOf(["ce-id", "2"]).code).toBe("REPEATED_HEADER");
    expect(errorOf(["ce-subject", '"a", "b"']).code).toBe("REPEATED_HEADER");
    const error = errorOf(["ce-subject", "a, b"]);
    expect(error).toMatchObject({ code: "REPEATED_HEADER", attribute: "subject" });
    expect(error.detail).toContain("more than once");
    expect(error.detail).toContain("%20");
  });

  it("takes a comma that joins nothing", () => {
    expect(subjectOf("a,b")).toBe("a,b");
    expect(subjectOf("a,%20b")).toBe("a, b");
    expect(subjectOf('"a, b"')).toBe("a, b");
  });

  it("refuses two content types but not a comma in a parameter", () => {
    expect(errorOf(["content-type", "text/plain, text/html"]).code).toBe("REPEATED_HEADER");
    expect(errorOf(["content-type", "text/plain"], ["content-type", "text/html"]).code).toBe("REPEATED_HEADER");
    expect(withHeaders(["content-type", 'text/plain; a="b, c"']).attributes.datacontenttype).toBe(
      'text/plain; a="b, c"',
    );
  });

  it("refuses ce-datacontenttype in HTTP and says where it belongs", () => {
    expect(errorOf(["ce-datacontenttype", "text/plain"])).toMatchObject({
      code: "INVALID_ATTRIBUTE",
      attribute: "datacontenttype",
    });
    expect(errorOf(["ce-datacontenttype", "text/plain"]).detail).toContain("Content-Type");
  });

  it("takes ce-datacontenttype, raw commas and UTF-8 in NATS", () => {
    const headers: Headers = [...required, ["ce-datacontenttype", "text/plain"], ["ce-subject", "é, €"]];
    expect(decodeBinary(headers, undefined, natsBinding).attributes).toMatchObject({
      datacontenttype: "text/plain",
      subject: "é, €",
    });
    expect(codecErrorOf(() => decodeBinary([...headers, ["ce-subject", "a"]], undefined, natsBinding)).code)
      .toBe("REPEATED_HEADER");
  });

  it("falls back to Content-Type in NATS", () => {
    const headers: Headers = [...required, ["content-type", "text/html"]];
    expect(decodeBinary(headers, undefined, natsBinding).attributes.datacontenttype).toBe("text/html");
    const both: Headers = [...headers, ["ce-datacontenttype", "text/plain"]];
    expect(decodeBinary(both, undefined, natsBinding).attributes.datacontenttype).toBe("text/plain");
  });

  it("names every required attribute that is missing", () => {
    const error = codecErrorOf(() => decodeBinary([["ce-specversion", "1.0"], ["ce-id", "1"]], undefined));
    expect(error).toMatchObject({ code: "MISSING_ATTRIBUTE", attribute: "source" });
    expect(error.detail).toContain('"source", "type"');
  });

  it("refuses other versions of CloudEvents", () => {
    const headers: Headers = [["ce-specversion", "0.3"], ...required.slice(1)];
    expect(codecErrorOf(() => decodeBinary(headers, undefined)).code).toBe("UNSUPPORTED_SPECVERSION");
  });

  it("refuses attribute names outside a-z and 0-9 and suggests one", () => {
    for (const name of ["ce-my_ext", "ce-my-ext", "ce-", "ce-data", "ce-é"]) {
      expect(errorOf([name, "x"]).code).toBe("INVALID_ATTRIBUTE");
    }
    expect(errorOf(["ce-my-ext", "x"]).detail).toContain('"myext"');
  });

  it("refuses values that no attribute may have", () => {
    const wrong: Headers = [
      ["ce-time", "yesterday"],
      ["ce-subject", ""],
      ["ce-dataschema", ""],
      ["ce-dataschema", "a b"],
      ["ce-ext", "%00"],
      ["ce-ext", "%C2%85"],
      ["ce-ext", "%EF%BF%BE"],
      ["content-type", ""],
    ];
    for (const header of wrong) expect(errorOf(header).code).toBe("INVALID_ATTRIBUTE");
    for (const name of ["ce-id", "ce-source", "ce-type"]) {
      const headers = required.map(([key, value]): [string, string] => [key, key === name ? "" : value]);
      expect(codecErrorOf(() => decodeBinary(headers, undefined)).code).toBe("INVALID_ATTRIBUTE");
    }
  });

  it("takes an extension that is empty", () => {
    expect(withHeaders(["ce-ext", ""]).attributes.ext).toBe("");
  });
});

describe("encodeBinary()", () => {
  const attributes = { id: "1", source: "/alice", type: "t", subject: 'a "€" %', count: 5, fresh: true };

  it("percent-encodes what the HTTP binding says and writes canonical strings", () => {
    const { headers } = encodeBinary(createEvent({ attributes }));
    expect(new Map(headers).get("ce-subject")).toBe("a%20%22%E2%82%AC%22%20%25");
    expect(new Map(headers).get("ce-count")).toBe("5");
    expect(new Map(headers).get("ce-fresh")).toBe("true");
  });

  it("writes raw values for sinks that do not decode", () => {
    const { headers } = encodeBinary(createEvent({ attributes }), { headerEncoding: "raw" });
    expect(new Map(headers).get("ce-subject")).toBe('a "\u00e2\u0082\u00ac" %');
  });

  it("puts datacontenttype where the binding has it", () => {
    const event = createEvent({ attributes: { ...attributes, datacontenttype: "text/plain; a=b" } });
    expect(new Map(encodeBinary(event).headers).get("content-type")).toBe("text/plain; a=b");
    const nats = new Map(encodeBinary(event, { binding: natsBinding }).headers);
    expect(nats.get("ce-datacontenttype")).toBe("text/plain;%20a=b");
    expect(nats.has("content-type")).toBe(false);
  });

  it("names the media type that a structured event implied", () => {
    const json = createEvent({ attributes, data: bytesOf("1"), dataForm: "json" });
    expect(new Map(encodeBinary(json).headers).get("content-type")).toBe("application/json");
    const unknown = createEvent({ attributes, data: bytesOf("1") });
    expect(new Map(encodeBinary(unknown).headers).has("content-type")).toBe(false);
  });
});
