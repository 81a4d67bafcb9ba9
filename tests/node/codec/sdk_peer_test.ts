/** The official CloudEvents SDK as the other side, where it follows the specification. */

import { describe, expect, it } from "bun:test";
import { CloudEvent as SdkEvent, HTTP } from "cloudevents";

import { decodeBinary, decodeStructured, detectMode, encodeBinary, encodeStructured } from "../../../node/codec/mod.ts";
import { createEvent } from "../../../node/codec/mod.ts";
import { bytesOf, textOf } from "./codec_support.ts";

const attributes = {
  id: "event-1",
  source: "/shops/alice",
  type: "order.placed",
  subject: "eu-1",
  time: "2026-01-31T23:59:59.000Z",
  datacontenttype: "application/json",
  partitionkey: "alice",
};
const data = { amount: 3, items: ["a", "é"] };

function lowerCase(headers: Record<string, unknown>): [string, string][] {
  return Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]);
}

describe("the official SDK", () => {
  const sent = new SdkEvent({ ...attributes, data });

  it("is understood in binary mode", () => {
    const message = HTTP.binary(sent);
    const event = decodeBinary(lowerCase(message.headers), bytesOf(message.body as string));
    expect({ ...event.attributes }).toEqual({ specversion: "1.0", ...attributes });
    expect(JSON.parse(textOf(event.data))).toEqual(data);
  });

  it("is understood in structured mode", () => {
    const message = HTTP.structured(sent);
    expect(detectMode(String(message.headers["content-type"]))).toBe("structured");
    const event = decodeStructured(message.body as string);
    expect({ ...event.attributes }).toEqual({ specversion: "1.0", ...attributes });
    expect(JSON.parse(textOf(event.data))).toEqual(data);
  });

  it("is understood when it sends bytes", () => {
    const message = HTTP.structured(
      new SdkEvent({ ...attributes, datacontenttype: "image/png", data: new Uint8Array([0, 255]) }),
    );
    expect(decodeStructured(message.body as string)).toMatchObject({
      data: new Uint8Array([0, 255]),
      dataForm: "binary",
    });
  });

  const own = createEvent({ attributes, data: bytesOf(JSON.stringify(data)) });

  it("understands binary mode", () => {
    const { headers, body } = encodeBinary(own);
    const received = HTTP.toEvent({ headers: Object.fromEntries(headers), body: textOf(body) }) as SdkEvent<unknown>;
    expect(received).toMatchObject({ ...attributes, data });
  });

  it("understands structured mode", () => {
    const headers = { "content-type": "application/cloudevents+json" };
    const received = HTTP.toEvent({ headers, body: encodeStructured(own) }) as SdkEvent<unknown>;
    expect(received).toMatchObject({ ...attributes, data });
  });
});
