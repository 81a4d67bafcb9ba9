/** From a request to a principal: bearer tokens, tickets, or nobody. */

import { beforeEach, describe, expect, it } from "bun:test";

import {
  ANYONE,
  type AuthConfig,
  type Authenticator,
  createAuthenticator,
  createPrincipal,
  TICKET_LIFE_MS,
  TicketStore,
} from "../../adapters/door/http/auth/mod.ts";
import { FakeClock } from "../support/fake_clock.ts";

const tokens = [
  { name: "alice", token: "alice-secret", publish: ["order.>"] },
  { token: "bob-secret", subscribe: [">"], admin: true },
];

let clock: FakeClock;
let tickets: TicketStore;

beforeEach(() => {
  clock = new FakeClock();
  tickets = new TicketStore(clock.now);
});

function create(config: AuthConfig): Authenticator {
  return createAuthenticator(config, { tickets, wall: clock.wall });
}

function ask(url: string, authorization?: string, method = "GET"): Request {
  return new Request(`http://127.0.0.1${url}`, {
    method,
    headers: authorization === undefined ? {} : { authorization },
  });
}

async function refusal(run: () => unknown): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was refused");
}

describe("createAuthenticator()", () => {
  it("takes everybody for anyone when nothing is configured, at once", () => {
    expect(create({})(ask("/v1"))).toBe(ANYONE);
    expect(create({ tokens: [] })(ask("/v1", "Bearer whatever"))).toBe(ANYONE);
  });

  it("finds the principal of a token at once, whatever the case of the scheme", () => {
    const authenticate = create({ tokens });
    expect(authenticate(ask("/v1", "Bearer alice-secret"))).toMatchObject({ name: "alice" });
    expect(authenticate(ask("/v1", "bearer bob-secret"))).toMatchObject({ name: "token-2" });
  });

  it("gives the principal the rights of the token", async () => {
    const alice = await create({ tokens })(ask("/v1", "Bearer alice-secret"));
    expect(alice.may("publish", "order.placed")).toBe(true);
    expect(alice.may("publish", "billing.paid")).toBe(false);
    expect(alice.may("admin")).toBe(false);
  });

  it("refuses a request without credentials", async () => {
    const error = await refusal(() => create({ tokens })(ask("/v1")));
    expect(error).toMatchObject({ code: "UNAUTHENTICATED", fields: { reason: "missing" } });
  });

  it("refuses a token that is not known, and does not repeat it", async () => {
    const authenticate = create({ tokens });
    for (const token of ["alice-secre", "alice-secret2", "ALICE-SECRET"]) {
      const error = await refusal(() => authenticate(ask("/v1", `Bearer ${token}`)));
      expect(error).toMatchObject({ code: "UNAUTHENTICATED", fields: { reason: "invalid" } });
      expect(JSON.stringify(error) + (error as Error).message).not.toContain(token);
    }
  });

  it("refuses other schemes than Bearer", async () => {
    const error = await refusal(() => create({ tokens })(ask("/v1", "Basic alice-secret")));
    expect(error).toMatchObject({ code: "UNAUTHENTICATED" });
  });

  it("refuses a configuration with a token that no header can carry, without repeating it", () => {
    for (const token of ["", "with space", "ümlaut"]) {
      expect(() => create({ tokens: [{ token }] })).toThrow("auth.tokens[0].token");
    }
  });

  it("refuses a configuration with one token twice", () => {
    expect(() => create({ tokens: [{ token: "same" }, { token: "same" }] })).toThrow("auth.tokens[1].token");
  });
});

describe("tickets", () => {
  const alice = createPrincipal({ name: "alice", publish: [], subscribe: ["order.>"], admin: false });

  it("stand for their principal, once", async () => {
    const authenticate = create({ tokens });
    const { ticket, expiresInMs } = tickets.mint(alice);
    expect(expiresInMs).toBe(TICKET_LIFE_MS);
    expect(await authenticate(ask(`/v1/stream?topic=a&ticket=${ticket}`))).toBe(alice);
    const error = await refusal(() => authenticate(ask(`/v1/stream?topic=a&ticket=${ticket}`)));
    expect(error).toMatchObject({ code: "UNAUTHENTICATED" });
  });

  it("are for streams only", async () => {
    const authenticate = create({ tokens });
    const { ticket } = tickets.mint(alice);
    const others = [ask(`/v1/events?ticket=${ticket}`), ask(`/v1/stream?ticket=${ticket}`, undefined, "POST")];
    for (const request of others) {
      expect(await refusal(() => authenticate(request))).toMatchObject({ code: "UNAUTHENTICATED" });
    }
    expect(tickets.redeem(ticket)).toBe(alice);
  });

  it("run out", async () => {
    const { ticket } = tickets.mint(alice);
    await clock.advance(TICKET_LIFE_MS - 1);
    const { ticket: later } = tickets.mint(alice);
    await clock.advance(1);
    expect(tickets.redeem(ticket)).toBeUndefined();
    expect(tickets.redeem(later)).toBe(alice);
  });

  it("are bounded, and there is room again when old ones run out", async () => {
    for (let i = 0; i < 10_000; i++) tickets.mint(alice);
    expect(() => tickets.mint(alice)).toThrow("Cannot make a ticket");
    await clock.advance(TICKET_LIFE_MS);
    expect(tickets.mint(alice).ticket.length).toBeGreaterThan(20);
  });
});
