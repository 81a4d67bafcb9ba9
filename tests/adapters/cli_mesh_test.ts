/** The commands that look into a mesh, on two nodes that are processes of their own. */

import { afterAll, beforeAll, describe, expect, it } from "bun:test";

import { eventually } from "../support/eventually.ts";
import { NodeProcess } from "../support/node_process.ts";
import { weft } from "./cli_support.ts";

let paris: NodeProcess;
let oslo: NodeProcess;

const run = (...words: readonly string[]) => weft(words, { environment: { WEFT_URL: paris.url }, columns: 200 });

beforeAll(async () => {
  paris = await NodeProcess.start({ flags: ["--id", "paris"] });
  oslo = await NodeProcess.start({ flags: ["--id", "oslo", "--join", String(paris.ready.nats)] });
  const filter = ["--filter", "amount > 10"];
  await weft(["subscription", "add", "order.>", "--id", "large", ...filter], { environment: { WEFT_URL: oslo.url } });
  await eventually(async () => expect((await run("routes", "--json")).json.routes).toHaveLength(1), {
    timeoutMs: 20_000,
  });
});

afterAll(async () => {
  await oslo?.[Symbol.asyncDispose]();
  await paris?.[Symbol.asyncDispose]();
});

describe("weft links, clusters, peers and routes", () => {
  it("show the mesh as tables and as JSON", async () => {
    expect((await run("links")).output).toMatch(/^PEER +STATE +DIRECTION.*\noslo +up +inbound/);
    expect((await run("links", "--json")).json.links).toMatchObject([{ peer: "oslo", state: "up" }]);
    expect((await run("clusters")).output).toMatch(/\noslo +yes +paris > oslo/);
    expect((await run("clusters", "--json", "--limit", "1")).json.next).toBe("oslo");
    expect((await run("peers")).output).toMatch(/\nparis +paris +alive/);
    expect((await run("routes")).output).toMatch(/\norder\.> +oslo +oslo +paris > oslo/);
  });

  it("show what each cluster wants, or one of them", async () => {
    expect((await run("interest")).output).toMatch(/\noslo +order\.> +- +yes +1 +-/);
    expect((await run("interest", "oslo", "--json")).json.interest).toMatchObject([{ cluster: "oslo", told: 1 }]);
    expect((await run("interest", "paris")).chat).toContain('nobody in "paris" wants anything');
    const unknown = await run("interest", "rome");
    expect([unknown.exitCode, unknown.chat.includes('"rome"')]).toEqual([3, true]);
  });

  it("lists the subscriptions of every cluster", async () => {
    expect((await run("subscription", "ls", "--mesh")).output).toMatch(/^CLUSTER +ID.*\noslo +large +order\.>/);
    expect((await run("subscription", "ls")).chat).toContain("no subscriptions");
  });

  it("shows which routes a cut would change", async () => {
    expect((await run("simulate", "--cut", "paris-oslo")).output).toMatch(/\norder\.> +oslo +paris > oslo .*parked/);
    expect((await run("simulate", "--cut", "oslo-paris", "--json")).json).toMatchObject({
      cut: "oslo-paris",
      changes: [{ destination: "oslo", before: ["paris", "oslo"], after: [], state: "parked" }],
      unchanged: 0,
    });
    expect((await run("simulate", "--cut", "paris-rome")).exitCode).toBe(3);
    expect((await run("simulate")).exitCode).toBe(2);
  });
});

describe("weft why-not", () => {
  it("says in a sentence what keeps an event away, or that nothing does", async () => {
    const stopped = await run("why-not", "order.placed", "oslo", "--attr", "amount=5");
    expect(stopped.output).toContain('"order.placed" is for "oslo", but not got there now');
    expect(stopped.output).toContain("large: FILTERED");
    const arrives = await run("why-not", "order.placed", "oslo", "--attr", "amount=50", "--json");
    expect(arrives.json).toMatchObject({ cluster: "oslo", arrives: true, reason: "OK" });
    expect((await run("explain", "order.placed", "--attr", "amount=5")).output).not.toContain("streams");
    expect((await run("why-not", "user.created", "oslo")).output).toContain("nobody there wants that topic");
  });

  it("names a scope that others are not told of", async () => {
    const add = ["subscription", "add", "stock.>", "--id", "home", "--scope", "cluster"];
    await weft(add, { environment: { WEFT_URL: oslo.url } });
    const { output } = await run("why-not", "stock.counted", "oslo");
    expect(output).toContain("takes only what is published there");
    expect(output).toContain("home: OUT_OF_SCOPE");
  });

  it("ends with exit code 3 for a cluster that nobody knows", async () => {
    const { exitCode, chat } = await run("why-not", "order.placed", "rome");
    expect(exitCode).toBe(3);
    expect(chat).toContain("known are oslo, paris");
  });
});

describe("weft trace and ledger", () => {
  it("show what became of an event", async () => {
    await run("pub", "order.placed", "1", "--id", "traced", "--attr", "amount=50");
    await eventually(async () => expect((await run("trace", "traced")).output).toMatch(/\noslo +delivered +OK/));
    const { output } = await run("trace", "traced");
    expect(output).toMatch(/\nparis +paris +- +oslo/);
    expect(output).toMatch(/\noslo +large +0 +pending/);
    expect((await run("trace", "traced", "--json")).json.origin).toMatchObject({ cluster: "paris" });
    expect((await run("trace", "traced", "--source", "/elsewhere")).exitCode).toBe(3);
    const ledger = await run("ledger", "--recount");
    expect(ledger.exitCode).toBe(0);
    expect(ledger.output).toMatch(/\noslo +1 +1 +0 +0 +0 +0 +0 +yes/);
    expect((await run("ledger", "--json")).json.balanced).toBe(true);
  });

  it("say that an event is not found under the source that was guessed, and how to name its own", async () => {
    const { exitCode, chat } = await run("trace", "nothing");
    expect(exitCode).toBe(3);
    expect(chat).toContain("--source SOURCE");
    expect((await run("trace", "nothing", "--source", "/elsewhere")).chat).not.toContain("--source SOURCE");
  });
});

describe("weft forget", () => {
  it("refuses a cluster that is there, and gives up what is owed to one that is gone", async () => {
    expect((await run("forget", "oslo")).exitCode).toBe(1);
    await oslo.kill();
    await eventually(async () => expect((await run("clusters")).output).toMatch(/\noslo +no/), { timeoutMs: 20_000 });
    await run("pub", "order.placed", "1", "--id", "owed", "--attr", "amount=50");
    await eventually(async () => expect((await run("trace", "owed")).output).toMatch(/\noslo +parked +NO_PATH/));
    const { output, chat } = await run("trace", "owed");
    expect(output).toMatch(/\nparis .* oslo: NO_PATH\n/);
    expect(chat).not.toContain("no subscription wanted it");
    expect((await run("forget", "oslo", "--json")).json).toMatchObject({ forgot: "oslo", evicted: 1 });
    expect((await run("trace", "owed")).output).toMatch(/\noslo +evicted +FORGOTTEN/);
    expect((await run("forget", "rome")).exitCode).toBe(3);
  });
});
