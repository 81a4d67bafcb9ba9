/** The NATS endpoint answers as nats-server does: the same random operations to both, on raw sockets. */

import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { openTestNats } from "../adapters/door_nats_support.ts";
import { natsBinary } from "../support/nats_binary.ts";
import { NatsServer } from "../support/nats_server.ts";
import { ScriptedClient, type Step } from "./clients/nats_script.ts";

const { absence } = natsBinary();
const PAYLOAD_MAX = 65_536;
const CLIENTS = 2;

// What differs on purpose is left out: topics that are none, inboxes of others, ce-* headers of events, and `>`, which
// here is about events alone (docs/nats.md).
const subject = fc.constantFrom("a", "a.b", "a.b.c", "b", "order.placed", "$SRV.PING", "$SRV.INFO.x");
const pattern = fc.oneof(subject, fc.constantFrom("a.*", "a.>", "*.b", "*.placed", "order.>", "$SRV.>", "*"));
const noPattern = fc.constantFrom("a..b", ".a", "a.", ">.a", "a.>.b");
const sid = fc.integer({ min: 1, max: 5 });
/** One for the inbox of each client: of two that fit a reply a server picks one as it likes. */
const INBOX_SID = 6;
const payload = fc.stringMatching(/^[a-z0-9 ]{0,12}$/);

/** What goes on; `own` is the client's number, so that each has inboxes and queues of its own. */
const ordinary = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(subject, payload).map(([to, data]) => () => `PUB ${to} ${data.length}\r\n${data}\r\n`),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(subject, payload).map(([to, data]) => (own: number) =>
      `PUB ${to} _INBOX.client${own}.1 ${data.length}\r\n${data}\r\n`
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(subject, payload).map(([to, data]) => () =>
      `HPUB ${to} 22 ${22 + data.length}\r\nNATS/1.0\r\nX-One: 1\r\n\r\n${data}\r\n`
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(payload, fc.boolean()).map(([data, own]) => (self: number) => {
      const target = own ? self : (self + 1) % CLIENTS;
      return `PUB _INBOX.client${target}.1 ${data.length}\r\n${data}\r\n`;
    }),
  },
  { weight: 6, arbitrary: fc.tuple(pattern, sid).map(([to, id]) => () => `SUB ${to} ${id}\r\n`) },
  { weight: 2, arbitrary: fc.constant((own: number) => `SUB _INBOX.client${own}.* ${INBOX_SID}\r\n`) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom("a", "a.b", "b"), sid).map(([to, id]) => (own: number, step: number) =>
      `SUB ${to} q${own}-${step} ${id}\r\n`
    ),
  },
  { weight: 1, arbitrary: fc.tuple(noPattern, sid).map(([to, id]) => () => `SUB ${to} ${id}\r\n`) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: INBOX_SID }).map((id) => () => `UNSUB ${id}\r\n`) },
  {
    weight: 2,
    arbitrary: fc.tuple(sid, fc.integer({ min: 0, max: 3 })).map(([id, max]) => () => `UNSUB ${id} ${max}\r\n`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom("ping\r\n", "PING \r\n", "PONG\r\n", "+OK\r\n", "sub a 3\n").map((text) => () => text),
  },
);
const fatal = fc.constantFrom(
  "XYZ\r\n",
  "PUBX a 1\r\n",
  "PUB a\r\n",
  "PUB a b c 1\r\n",
  "PUB a x\r\n",
  "PUB a -1\r\n",
  "PUB a 9999999999\r\n",
  "PUB a 2\r\nabc\r\n",
  `PUB a ${PAYLOAD_MAX + 1}\r\n`,
  `HPUB a 10 ${PAYLOAD_MAX + 1}\r\n`,
  "HPUB a 5 3\r\nabc\r\n",
  "HPUB a 5\r\n",
  "SUB a\r\n",
  "SUB a b c d\r\n",
  "UNSUB\r\n",
  "UNSUB 1 2 3\r\n",
  "MSG a 1 0\r\n\r\n",
  "-ERR 'tired'\r\n",
  "CONNECT {\r\n",
  'CONNECT {"protocol":7}\r\n',
  'CONNECT {"no_responders":true,"headers":false}\r\n',
  `SUB ${"a".repeat(5000)} 1\r\n`,
).map((text) => () => text);

const flags = fc.record({
  verbose: fc.boolean(),
  pedantic: fc.boolean(),
  echo: fc.boolean(),
  headers: fc.constant(true),
  no_responders: fc.boolean(),
});
const script = fc.record({
  greetings: fc.tuple(flags, flags),
  steps: fc.array(fc.record({ client: fc.integer({ min: 0, max: CLIENTS - 1 }), run: ordinary }), {
    maxLength: 25,
    size: "max",
  }),
  end: fc.option(fc.record({ client: fc.integer({ min: 0, max: CLIENTS - 1 }), run: fatal })),
});

/** Runs a script against whoever listens on a port; what each client heard. */
async function play(port: number, greetings: readonly object[], steps: readonly Step[]) {
  const clients: ScriptedClient[] = [];
  try {
    for (const greeting of greetings) {
      const client = await ScriptedClient.connect(port);
      clients.push(client);
      await client.step(`CONNECT ${JSON.stringify(greeting)}\r\n`);
    }
    for (const { client, text } of steps) await clients[client].step(text);
    return clients.map((client) => client.heard);
  } finally {
    for (const client of clients) client.close();
  }
}

describe.skipIf(absence !== undefined)(`The NATS endpoint beside nats-server${absence ?? ""}`, () => {
  it("gives the same answers and the same messages", async () => {
    await using server = await NatsServer.start({ payloadBytesMax: PAYLOAD_MAX });
    const property = fc.asyncProperty(script, async ({ greetings, steps, end }) => {
      await using nats = await openTestNats({ limits: { bodyBytes: PAYLOAD_MAX } });
      const all = [...steps, ...end === null ? [] : [end]].map(({ client, run }, i) => ({
        client,
        text: run(client, i),
      }));
      const [ours, theirs] = [await play(nats.door.port, greetings, all), await play(server.port, greetings, all)];
      expect(ours).toEqual(theirs);
      expect(nats.failures).toEqual([]);
    });
    await fc.assert(property, { numRuns: 100, interruptAfterTimeLimit: 60_000 });
  }, 90_000);
});
