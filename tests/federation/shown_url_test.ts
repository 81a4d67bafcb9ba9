import { describe, expect, it } from "bun:test";

import type { Federation } from "../../federation/federation.ts";
import { listLinks } from "../../federation/inspect/mod.ts";
import { shownUrl } from "../../federation/link/shown_url.ts";
import { Dialling } from "../../federation/membership/dialling.ts";
import { FakeWorld } from "../support/fake_world.ts";

const SECRET = "nats://weft:p%40ss@10.0.0.1:4222";
const SHOWN = "nats://10.0.0.1:4222";

describe("shownUrl()", () => {
  it("takes user, password and token out of a URL, whatever is in them", () => {
    for (const url of [SECRET, "nats://token@10.0.0.1:4222", "nats://a:b@c@10.0.0.1:4222"]) {
      expect(shownUrl(url)).toBe(SHOWN);
    }
  });

  it("leaves every other text as it is", () => {
    for (const text of [SHOWN, "tls://[::1]:4222", "own endpoint", "a@b", ""]) expect(shownUrl(text)).toBe(text);
  });
});

describe("a node that cannot dial a URL with a password", () => {
  function openDialling() {
    const told: string[] = [];
    const dialling = new Dialling({
      world: new FakeWorld(),
      dial: (_, __, done) => {
        done({ failure: { code: "UNREACHABLE", detail: "nobody there" } });
        return () => {};
      },
      options: { join: [SECRET], links: [], cached: [], url: undefined },
      links: () => undefined,
      onFailure: (url, { code }) => told.push(`${url} ${code}`),
    });
    dialling.start();
    return { dialling, told };
  }

  it("says so without the password", () => {
    expect(openDialling().told).toEqual([`${SHOWN} UNREACHABLE`]);
  });

  it("lists the link without the password", () => {
    const { dialling } = openDialling();
    const federation = { dialling, links: { neighbours: new Map(), strangers: [] } } as unknown as Federation;
    expect(listLinks(federation)).toMatchObject([{ peer: null, url: SHOWN, state: "down" }]);
  });
});
