/** What federation says becomes log lines and system events, and alarms come before the room is gone. */

import { describe, expect, it } from "bun:test";

import { Notices } from "../../adapters/federation/mod.ts";
import { watchParked } from "../../adapters/federation/park_watch.ts";
import type { Logger } from "../../adapters/telemetry/mod.ts";
import type { FederationNotice } from "../../federation/mod.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemoryMesh } from "../support/memory_mesh.ts";

function setUp() {
  const clock = new FakeClock();
  const lines: string[] = [];
  const events: string[] = [];
  const write = (level: string) => (text: string) => void lines.push(`${level} ${text}`);
  const log = { debug: write("debug"), info: write("info"), warn: write("warn") } as unknown as Logger;
  const node = { announce: (type: string, data: { detail: string }) => void events.push(`${type} ${data.detail}`) };
  return { clock, lines, events, notices: new Notices({ node: node as never, log, clock }) };
}

function aNotice(overrides: Partial<FederationNotice> = {}): FederationNotice {
  return { code: "PEER_FULL", detail: "no room", level: "warn", peer: "bob", ...overrides };
}

describe("Notices", () => {
  it("makes a line and a system event of each", () => {
    const { notices, lines, events } = setUp();
    notices.tell(aNotice({ code: "LINK_DOWN", detail: 'lost the link with "bob"' }));
    notices.tell(aNotice());
    expect(lines).toEqual(['warn LINK_DOWN: lost the link with "bob"', "warn PEER_FULL: no room"]);
    expect(events).toEqual(['weft-system.link.down lost the link with "bob"', "weft-system.mesh.warning no room"]);
  });

  it("tells the same words aloud once a minute, but each link that comes and goes", async () => {
    const { notices, lines, events, clock } = setUp();
    for (let i = 0; i < 3; i++) notices.tell(aNotice());
    expect(lines.map((line) => line.split(" ")[0])).toEqual(["warn", "debug", "debug"]);
    expect(events).toHaveLength(1);
    await clock.advance(60_000);
    notices.tell(aNotice());
    expect(events).toHaveLength(2);
    for (let i = 0; i < 3; i++) notices.tell(aNotice({ code: "LINK_DOWN" }));
    expect(events).toHaveLength(5);
  });

  it("makes no event of news that is only for the log", () => {
    const { notices, events } = setUp();
    notices.tell(aNotice({ code: "SOMETHING", level: "info" }));
    expect(events).toEqual([]);
  });

  it("writes braces of a detail as they are", () => {
    const { notices, lines } = setUp();
    notices.tell(aNotice({ detail: "{code} is {none}" }));
    expect(lines).toEqual(["warn PEER_FULL: {{code}} is {{none}}"]);
  });
});

describe("watchParked()", () => {
  it("tells once of a destination whose events take most of their budget", async () => {
    await using mesh = await MemoryMesh.open(["alice-bob"]);
    await mesh.subscribe("bob", "audit", "order.>");
    const { federation } = mesh.get("alice");
    mesh.cut("alice-bob");
    await mesh.clock.advance(2000);
    const told: FederationNotice[] = [];
    const store = { stats: () => ({ bytesMax: 20_000 }) } as never;
    const stop = watchParked({ federation, store, clock: mesh.clock, onNotice: (notice) => told.push(notice) });
    for (let i = 0; i < 4; i++) await mesh.publish("alice", { data: "x".repeat(500) });
    await mesh.clock.advance(20_000);
    expect(told).toMatchObject([{ code: "PARK_HIGH", peer: "bob", level: "warn" }]);
    stop();
  });
});
