import { describe, expect, it } from "bun:test";

import type { DialFailure, LinkBus } from "../../federation/link/link_bus.ts";
import { checkedDial } from "../../federation/membership/checked_dial.ts";

const URL = "nats://weft:secret@hub:4222";

/** What a dial comes to, if that is found there which is asked for by that. */
function dial(leadsTo: LinkBus["leadsTo"], via: "direct" | "broker" | undefined): string {
  let closed = false;
  const bus = { leadsTo, close: () => void (closed = true) } as LinkBus;
  let result: { bus: LinkBus } | { failure: DialFailure } | undefined;
  const links = [{ url: "nats://other:1", via: "broker" as const }, { url: URL, via }];
  checkedDial((_url, _options, done) => {
    done({ bus });
    return () => undefined;
  }, links)(URL, { timeoutMs: 1 }, (came) => result = came);
  if (result === undefined) return "nothing";
  if ("bus" in result) return closed ? "closed" : "a bus";
  return `${closed ? "closed" : "open"}: ${result.failure.code}: ${result.failure.detail}`;
}

describe("checkedDial()", () => {
  it("takes what is found where the setting says nothing of it, or the same, or nothing shows", () => {
    expect([dial("node", undefined), dial("broker", undefined), dial("node", "direct"), dial("broker", "broker")])
      .toEqual(["a bus", "a bus", "a bus", "a bus"]);
    expect([dial(undefined, "broker"), dial(undefined, "direct")]).toEqual(["a bus", "a bus"]);
  });

  it("gives up what leads elsewhere, says what it is, and shows no password", () => {
    expect(dial("node", "broker")).toMatch(/^closed: VIA_MISMATCH: .*"nats:\/\/hub:4222": it is a node/);
    expect(dial("broker", "direct")).toMatch(/^closed: VIA_MISMATCH: .*it is a nats-server.*via: direct/);
    expect(dial("node", "broker")).not.toContain("secret");
  });
});
