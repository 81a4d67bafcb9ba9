/** JSON Web Tokens, verified against a key set that is fetched over HTTP. */

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

import {
  type Authenticator,
  createAuthenticator,
  type JwtConfig,
  TicketStore,
} from "../../adapters/door/http/auth/mod.ts";
import { FakeClock } from "../support/fake_clock.ts";

const keys = await generateKeyPair("ES256", { extractable: true });
const strangersKeys = await generateKeyPair("ES256", { extractable: true });

let clock: FakeClock;
let server: Server;
let fetches: number;
let jwks: string;

beforeEach(async () => {
  clock = new FakeClock(Date.now());
  fetches = 0;
  const set = JSON.stringify({ keys: [{ ...await exportJWK(keys.publicKey), kid: "one", alg: "ES256" }] });
  server = createServer((_, response) => {
    fetches++;
    response.setHeader("content-type", "application/json").end(set);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  jwks = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
});

afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
});

function create(config: Partial<JwtConfig> = {}): Authenticator {
  const jwt = { jwks, issuer: "https://issuer.example", audience: "weft", ...config };
  return createAuthenticator({ jwt }, { tickets: new TicketStore(clock.now), wall: clock.wall });
}

interface TokenParts {
  readonly claims?: Record<string, unknown>;
  readonly issuer?: string;
  readonly audience?: string;
  readonly expiresInMs?: number | null;
  readonly key?: CryptoKey;
}

function sign({ claims = {}, issuer, audience, expiresInMs = 600_000, key }: TokenParts = {}): Promise<string> {
  const token = new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid: "one" }).setSubject("alice")
    .setIssuer(issuer ?? "https://issuer.example").setAudience(audience ?? "weft");
  if (expiresInMs !== null) token.setExpirationTime(Math.floor((clock.wall() + expiresInMs) / 1000));
  return token.sign(key ?? keys.privateKey);
}

function bearing(token: string): Request {
  return new Request("http://127.0.0.1/v1", { headers: { authorization: `Bearer ${token}` } });
}

async function refusal(authenticate: Authenticator, token: string): Promise<unknown> {
  try {
    await authenticate(bearing(token));
  } catch (error) {
    return error;
  }
  throw new Error("nothing was refused");
}

describe("JwtVerifier", () => {
  it("takes rights from its own claims", async () => {
    const claims = { weft_publish: ["order.>"], weft_subscribe: "a.* b", weft_admin: true };
    const alice = await create()(bearing(await sign({ claims })));
    expect(alice.name).toBe("alice");
    expect(alice.may("publish", "order.placed")).toBe(true);
    expect(alice.may("subscribe", "b")).toBe(true);
    expect(alice.may("subscribe", "c")).toBe(false);
    expect(alice.may("admin")).toBe(true);
  });

  it("takes rights from the words of scope", async () => {
    const claims = { scope: "openid weft:publish:order.> weft:subscribe weft:publisher" };
    const alice = await create()(bearing(await sign({ claims })));
    expect(alice.may("publish", "order.placed")).toBe(true);
    expect(alice.may("publish", "billing.paid")).toBe(false);
    expect(alice.may("subscribe", ">")).toBe(true);
    expect(alice.may("admin")).toBe(false);
  });

  it("takes rights from claims named in the configuration", async () => {
    const authenticate = create({ claims: { publish: "https://weft/pub" } });
    const alice = await authenticate(
      bearing(await sign({ claims: { "https://weft/pub": ["a"], weft_publish: ["b"] } })),
    );
    expect(alice.may("publish", "a")).toBe(true);
    expect(alice.may("publish", "b")).toBe(false);
  });

  it("gives no rights that no claim names", async () => {
    const alice = await create()(bearing(await sign({ claims: { weft_admin: "yes" } })));
    expect([alice.may("publish"), alice.may("subscribe"), alice.may("admin")]).toEqual([false, false, false]);
  });

  it("refuses a claim that is no list of patterns", async () => {
    const error = await refusal(create(), await sign({ claims: { weft_publish: [1] } }));
    expect(error).toMatchObject({ code: "UNAUTHENTICATED", fields: { reason: "invalid" } });
    expect(await refusal(create(), await sign({ claims: { weft_publish: ["a..b"] } }))).toMatchObject({
      code: "UNAUTHENTICATED",
    });
  });

  it("refuses another issuer, another audience, another key, and a token without end", async () => {
    const authenticate = create();
    const wrong: TokenParts[] = [
      { issuer: "https://mallory.example" },
      { audience: "other" },
      { key: strangersKeys.privateKey },
      { expiresInMs: null },
    ];
    for (const parts of wrong) {
      expect(await refusal(authenticate, await sign(parts))).toMatchObject({
        code: "UNAUTHENTICATED",
        fields: { reason: "invalid" },
      });
    }
  });

  it("refuses a token whose time is over, but forgives clocks that differ a little", async () => {
    expect(await refusal(create(), await sign({ expiresInMs: -10_000 }))).toMatchObject({
      fields: { reason: "expired" },
    });
    expect(await create()(bearing(await sign({ expiresInMs: -2000 })))).toMatchObject({ name: "alice" });
  });

  it("refuses a token that is not signed, or signed with a shared secret", async () => {
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const payload = part({ sub: "mallory", iss: "https://issuer.example", aud: "weft", exp: 9e9, weft_admin: true });
    for (const header of [{ alg: "none" }, { alg: "HS256", kid: "one" }]) {
      const error = await refusal(create(), `${part(header)}.${payload}.c2lnbmF0dXJl`);
      expect(error).toMatchObject({ code: "UNAUTHENTICATED", fields: { reason: "invalid" } });
    }
  });

  it("answers at once for a token that it has verified, and fetches the keys once", async () => {
    const authenticate = create();
    const token = await sign();
    const alice = await authenticate(bearing(token));
    expect(authenticate(bearing(token))).toBe(alice);
    await authenticate(bearing(await sign({ claims: { jti: "2" } })));
    expect(fetches).toBe(1);
  });

  it("does not believe a remembered token beyond its time", async () => {
    const authenticate = create({ clockToleranceMs: 0 });
    const token = await sign({ expiresInMs: 10_000 });
    await authenticate(bearing(token));
    await clock.advance(11_000);
    expect(await refusal(authenticate, token)).toMatchObject({ fields: { reason: "expired" } });
  });

  it("says that keys cannot be fetched, which is not the client's fault", async () => {
    const error = await refusal(create({ jwks: "http://127.0.0.1:1/jwks" }), await sign());
    expect(error).toMatchObject({ code: "AUTH_UNAVAILABLE" });
  });
});
