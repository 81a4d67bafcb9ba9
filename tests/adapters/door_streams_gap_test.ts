import { describe, expect, it } from "bun:test";

import { ANYONE } from "../../adapters/door/http/auth/mod.ts";
import { cloudEventsJson } from "../../adapters/door/http/streams/cloudevents_json.ts";
import { LiveClients } from "../../adapters/door/http/streams/live_clients.ts";
import { SocketClient, type SocketProtocol } from "../../adapters/door/http/streams/socket_client.ts";
import { weftJson } from "../../adapters/door/http/streams/weft_json.ts";
import type { EventStream, StoredEvent, StreamGap } from "../../node/mod.ts";
import { anEvent } from "../support/events.ts";
import { openTestDoor, type TestDoor } from "./door_support.ts";
import { readStream } from "./door_streams_support.ts";

const GAP: StreamGap = { from: 2, to: 4, reason: "RETENTION" };

/** A stream that has lost what lay between its two events. */
function aStreamWithAGap(): EventStream {
  const entries: (StoredEvent | StreamGap)[] = [
    { position: 1, event: anEvent({ id: "1" }) } as StoredEvent,
    GAP,
    { position: 5, event: anEvent({ id: "5" }) } as StoredEvent,
  ];
  return {
    pattern: ">",
    gap: undefined,
    cursor: "",
    wants: () => true,
    takeGap: () => "reason" in (entries[0] ?? {}) ? entries.shift() as StreamGap : undefined,
    take: () => entries.length > 0 && !("reason" in entries[0]) ? [entries.shift() as StoredEvent] : [],
    acknowledge: () => undefined,
    close: () => Promise.resolve(),
  };
}

/** What a client of a sub-protocol is sent. */
function messagesOf({ context }: TestDoor, protocol: SocketProtocol, stream: EventStream): unknown[] {
  const sent: unknown[] = [];
  const client = new SocketClient({
    context,
    clients: new LiveClients(context),
    protocol,
    principal: ANYONE,
    inGroup: false,
  });
  client.expect(stream);
  client.open({
    bufferedBytes: 0,
    send: (message: string | Uint8Array) => void sent.push(JSON.parse(String(message))),
    close: () => undefined,
  }, { options: {}, ready: {} } as never);
  client.flush();
  client.leave();
  return sent;
}

describe("GET /v1/stream, when retention was faster than a client that lags", () => {
  it("tells the gap between the events around it, over Server-Sent Events", async () => {
    await using door = await openTestDoor({ retention: [{ pattern: ">", maxCount: 1 }] });
    const lagging = readLagging(door);
    const data = new TextEncoder().encode("x".repeat(2000));
    for (let i = 1; i <= 3000; i++) await door.fixture.publish({ id: `${i}`, data });
    await door.fixture.clock.advance(2000);
    const reader = await (await lagging)();
    await using _ = reader;
    await reader.received(2);
    while (reader.eventIds.at(-1) !== "3000") await reader.received(reader.eventIds.length + 1);
    const at = reader.messages.findIndex(({ event }) => event === "gap");
    const before = reader.messages[at - 1];
    const last = Number(JSON.parse(before.data).id);
    expect(JSON.parse(reader.messages[at].data)).toEqual({ from: last + 1, to: 2999, reason: "RETENTION" });
    expect(JSON.parse(reader.messages[at + 1].data).id).toBe("3000");
  });

  it("tells the gap between the events around it, as weft.json", async () => {
    await using door = await openTestDoor();
    const sent = messagesOf(door, weftJson(door.fixture.node, (encode) => encode), aStreamWithAGap());
    expect(sent.slice(1)).toMatchObject([
      { kind: "event", event: { id: "1" } },
      { kind: "gap", from: 2, to: 4, reason: "RETENTION" },
      { kind: "event", event: { id: "5" } },
    ]);
  });

  it("has nothing but events as cloudevents.json", async () => {
    await using door = await openTestDoor();
    const sent = messagesOf(door, cloudEventsJson((encode) => encode), aStreamWithAGap());
    expect(sent).toMatchObject([{ id: "1" }, { id: "5" }]);
  });
});

/** Opens a stream, and reads nothing of it until it is told to. */
async function readLagging(door: TestDoor) {
  const response = await door.open("GET", "/v1/stream");
  return () => readStream({ ...door, open: () => Promise.resolve(response), drain: () => door.drain() } as TestDoor);
}
