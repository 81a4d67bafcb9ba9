import { describe, expect, it } from "bun:test";

import { createEvent, decodeStructured, encodeStructured } from "../../../node/codec/mod.ts";
import { bytesOf, codecErrorOf, plain, structuredText, textOf } from "./codec_support.ts";

const decode = (members: string) => decodeStructured(structuredText(members));
const errorOf = (members: string) => codecErrorOf(() => decode(members));
const attributes = { id: "1", source: "/alice", type: "t" };

describe("decodeStructured()", () => {
  it("keeps the bytes of data: big integers, order, repeats and white space inside", () => {
    const data = '{ "z": 12345678901234567890, "a" : 1.0, "a":[1 ,2], "s":"\\u00e9 é" }';
    const event = decode(`"data" :\n ${data} \n, "subject":"x"`);
    expect(textOf(event.data)).toBe(data);
    expect(event.dataForm).toBe("json");
  });

  it("reads bytes as it reads text", () => {
    for (const text of [structuredText('"data":{"a":1}'), structuredText('"data":{"é":1}')]) {
      expect(plain(decodeStructured(bytesOf(text)))).toEqual(plain(decodeStructured(text)));
      expect(plain(decodeStructured(bytesOf(`\ufeff${text}`)))).toEqual(plain(decodeStructured(text)));
    }
  });

  it("takes a string of a type other than JSON for its characters", () => {
    expect(plain(decode('"datacontenttype":"text/plain","data":"\\u00e9\\n€"'))).toMatchObject({
      data: bytesOf("é\n€").toBase64(),
      dataForm: "text",
    });
  });

  it("takes a string of a JSON type, or without a type, for JSON", () => {
    expect(textOf(decode('"data":"x"').data)).toBe('"x"');
    expect(textOf(decode('"data":"x","datacontenttype":"application/a+json"').data)).toBe('"x"');
    expect(decode('"data":"x"').dataForm).toBe("json");
  });

  it("keeps a JSON value of another type as it is written", () => {
    expect(plain(decode('"datacontenttype":"text/plain","data":[1]'))).toMatchObject({
      data: bytesOf("[1]").toBase64(),
      dataForm: "json",
    });
  });

  it("takes data null for the JSON value null, and no member for no data", () => {
    expect(textOf(decode('"data":null').data)).toBe("null");
    expect(decode("")).toMatchObject({ data: undefined, dataForm: undefined });
  });

  it("decodes data_base64", () => {
    expect(decode('"data_base64":"AP8="').data).toEqual(new Uint8Array([0, 255]));
    expect(decode('"data_base64":""')).toMatchObject({ data: new Uint8Array(0), dataForm: "binary" });
    expect(decode('"data_base64":null').data).toBeUndefined();
  });

  it("refuses what is not strict base64", () => {
    for (const text of ["AP8", "AP9=", "AP-_", "A P8", "AP8=\\n", "AAAA\\n\\n\\n\\n", "====", "A===", "é"]) {
      expect(errorOf(`"data_base64":"${text}"`).code).toBe("INVALID_DATA");
    }
    expect(errorOf('"data_base64":1').code).toBe("INVALID_DATA");
  });

  it("refuses data beside data_base64", () => {
    expect(errorOf('"data":1,"data_base64":""').code).toBe("INVALID_DATA");
  });

  it("refuses half a surrogate pair in text, keeps it in JSON", () => {
    expect(errorOf('"datacontenttype":"text/plain","data":"\\ud800"').code).toBe("INVALID_DATA");
    expect(textOf(decode('"data":"\\ud800"').data)).toBe('"\\ud800"');
  });

  it("keeps attribute strings, integers and Booleans with their types", () => {
    const event = decode(
      '"time":"2026-01-31T23:59:59.123456789+05:30","n":-2147483648,"b":false,"s":"5","e":"\\u00e9"',
    );
    expect(event.attributes).toMatchObject({
      time: "2026-01-31T23:59:59.123456789+05:30",
      n: -2147483648,
      b: false,
      s: "5",
      e: "é",
    });
  });

  it("takes a null attribute for unset", () => {
    expect("subject" in decode('"subject":null').attributes).toBe(false);
    expect(codecErrorOf(() => decodeStructured('{"specversion":"1.0","id":null,"source":"/a","type":"t"}')))
      .toMatchObject({ code: "MISSING_ATTRIBUTE", attribute: "id" });
  });

  it("refuses numbers that are no integers of 32 bits, objects and arrays", () => {
    for (const value of ["1.5", "1.0", "1e3", "2147483648", "-2147483649", "99999999999", "{}", "[1]"]) {
      const error = errorOf(`"ext":${value}`);
      expect(error).toMatchObject({ code: "INVALID_ATTRIBUTE", attribute: "ext" });
      expect(error.detail).toContain(value);
    }
  });

  it("refuses core attributes that are no strings", () => {
    for (const name of ["subject", "time", "datacontenttype", "dataschema"]) {
      expect(errorOf(`"${name}":1`)).toMatchObject({ code: "INVALID_ATTRIBUTE", attribute: name });
      expect(errorOf(`"${name}":true`).code).toBe("INVALID_ATTRIBUTE");
    }
  });

  it("refuses a member that is there twice, however it is spelt", () => {
    for (const twice of ['"id":"1"', '"\\u0069d":"1"', '"a":null,"a":"b"', '"a":"b","a":null', '"data":1,"data":1']) {
      expect(errorOf(twice).code).toBe("INVALID_EVENT");
    }
    expect(errorOf('"data_base64":"","data_base64":""').code).toBe("INVALID_EVENT");
  });

  it("refuses names with capitals and suggests the right one", () => {
    expect(errorOf('"dataContentType":"x"')).toMatchObject({ code: "INVALID_ATTRIBUTE" });
    expect(errorOf('"dataContentType":"x"').detail).toContain('"datacontenttype"');
    expect(errorOf('"__proto__":"x"').code).toBe("INVALID_ATTRIBUTE");
  });

  it("refuses what attributes may not hold", () => {
    for (const text of ["\\u0000", "\\u0085", "\\ud800", "\\ufdd0"]) {
      expect(errorOf(`"ext":"${text}"`)).toMatchObject({ code: "INVALID_ATTRIBUTE", attribute: "ext" });
    }
  });

  it("refuses anything but an object", () => {
    for (const text of ["[]", "1", '"x"', "null"]) {
      expect(codecErrorOf(() => decodeStructured(text)).code).toBe("INVALID_EVENT");
    }
  });

  it("says where JSON is broken", () => {
    expect(codecErrorOf(() => decodeStructured('{"id" "1"}'))).toMatchObject({ code: "MALFORMED_JSON", position: 6 });
    expect(codecErrorOf(() => decodeStructured(`${structuredText()} x`)).code).toBe("MALFORMED_JSON");
    expect(codecErrorOf(() => decodeStructured(new Uint8Array([0x7b, 0xff, 0x7d]))).code).toBe("MALFORMED_JSON");
    expect(codecErrorOf(() => decodeStructured("")).code).toBe("MALFORMED_JSON");
  });

  it("bounds how deep data is nested", () => {
    const nested = (depth: number) => `"data":${"[".repeat(depth)}${"]".repeat(depth)}`;
    expect(decode(nested(512)).data).toHaveLength(1024);
    expect(errorOf(nested(513)).code).toBe("MALFORMED_JSON");
    expect(errorOf(`"ext":${"[".repeat(200_000)}`).code).toBe("MALFORMED_JSON");
  });
});

describe("encodeStructured()", () => {
  const encode = (datacontenttype: string | undefined, data: string | Uint8Array) =>
    JSON.parse(encodeStructured(createEvent({
      attributes: { ...attributes, datacontenttype },
      data: typeof data === "string" ? bytesOf(data) : data,
    })));

  it("puts JSON bytes in as they are, without white space around them", () => {
    const event = createEvent({
      attributes: { ...attributes, datacontenttype: "application/json" },
      data: bytesOf(' {"n": 12345678901234567890}\n'),
    });
    expect(encodeStructured(event)).toContain(',"data":{"n": 12345678901234567890}}');
  });

  it("writes bytes that are not the JSON they claim to be as base64", () => {
    expect(encode("application/json", "{").data_base64).toBe("ew==");
    expect(encode("application/json", "").data_base64).toBe("");
    expect(encode("application/json", new Uint8Array([0x22, 0xff, 0x22])).data_base64).toBe("Iv8i");
    expect(encode("application/json", "[".repeat(600) + "]".repeat(600)).data_base64).toBeDefined();
  });

  it("writes text in UTF-8 as a string and other bytes as base64", () => {
    expect(encode("text/plain", 'é "x"').data).toBe('é "x"');
    expect(encode("text/plain; charset=iso-8859-1", "x").data_base64).toBe("eA==");
    expect(encode("text/plain", new Uint8Array([0xff])).data_base64).toBe("/w==");
    expect(encode("image/png", "x").data_base64).toBe("eA==");
    expect(encode(undefined, "1").data_base64).toBe("MQ==");
  });

  it("writes no member for no data", () => {
    expect(Object.keys(JSON.parse(encodeStructured(createEvent({ attributes }))))).toEqual([
      "specversion",
      "id",
      "source",
      "type",
    ]);
  });
});

describe("createEvent()", () => {
  it("refuses what a door would refuse", () => {
    expect(codecErrorOf(() => createEvent({ attributes: { ...attributes, Bad: "x" } })).code).toBe("INVALID_ATTRIBUTE");
    expect(codecErrorOf(() => createEvent({ attributes: { ...attributes, n: 1.5 } })).code).toBe("INVALID_ATTRIBUTE");
    expect(codecErrorOf(() => createEvent({ attributes: { id: "1" } })).code).toBe("MISSING_ATTRIBUTE");
  });
});
