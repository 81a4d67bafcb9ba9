/** What a scrape of the metrics says. */

import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import {
  counter,
  gauge,
  Histogram,
  isPublishRoute,
  LoopLag,
  type MetricDefinition,
  Metrics,
  nodeMetrics,
  processMetrics,
  routeLabels,
  routeOf,
} from "../../adapters/telemetry/mod.ts";
import { anEvent } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { openTestNode } from "../support/test_node.ts";

async function scrape(...definitions: MetricDefinition[]): Promise<string> {
  const metrics = new Metrics();
  metrics.add(definitions);
  return (await metrics.render()).text;
}

describe("Metrics.render()", () => {
  it("writes the Prometheus text format", async () => {
    const metrics = new Metrics();
    metrics.add([counter("weft_x_total", "Some help.", () => [{ labels: { code: 'A"B' }, value: 2 }])]);
    const { contentType, text } = await metrics.render();
    expect(contentType).toContain("text/plain; version=0.0.4");
    expect(text).toBe('# HELP weft_x_total Some help.\n# TYPE weft_x_total counter\nweft_x_total{code="A\\"B"} 2\n');
  });

  it("reads anew with every scrape", async () => {
    let value = 1;
    const metrics = new Metrics();
    metrics.add([gauge("weft_x", "Help.", () => value)]);
    expect((await metrics.render()).text).toContain("weft_x 1");
    value = 2;
    expect((await metrics.render()).text).toContain("weft_x 2");
  });

  it("takes metrics that are added after a scrape", async () => {
    const metrics = new Metrics();
    metrics.add([gauge("weft_x", "Help.", () => 1)]);
    await metrics.render();
    metrics.add([gauge("weft_y", "Help.", () => 2)]);
    expect((await metrics.render()).text).toContain("weft_y 2");
  });

  it("refuses a name twice", () => {
    const metrics = new Metrics();
    metrics.add([gauge("weft_x", "Help.", () => 1)]);
    expect(() => metrics.add([gauge("weft_x", "Help.", () => 1)])).toThrow('"weft_x"');
  });
});

describe("Histogram", () => {
  it("counts in each bucket what is not larger, and everything in the last", () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (values) => {
      const sizes = new Histogram([5, 10]);
      for (const value of values) sizes.observe(value);
      const found = sizes.samples("x").map(({ value }) => value);
      const upTo = (most: number) => values.filter((value) => value <= most).length;
      expect(found).toEqual([upTo(5), upTo(10), values.length, values.reduce((a, b) => a + b, 0), values.length]);
    }));
  });
});

describe("routeOf()", () => {
  const cases: [string, string, string][] = [
    ["POST", "http://h/", "/"],
    ["GET", "http://h", "/"],
    ["POST", "http://h/?x=1", "/"],
    ["POST", "http://h/v1/topics/order.placed", "/v1/topics"],
    ["GET", "http://h/v1/events?topic=a", "/v1/events"],
    ["GET", "http://h/v1/events/a/b/trace", "/v1/events"],
    ["PUT", "http://h/v1/subscriptions/billing", "/v1/subscriptions"],
    ["GET", "http://h/v1", "/v1"],
    ["GET", "http://h/routes?watch", "/routes"],
    ["GET", "http://h/v1/whatever/else", "other"],
    ["GET", "http://h/v2/events", "other"],
    ["GET", "http://h/wp-login.php", "other"],
  ];

  it("names the route of a request", () => {
    for (const [method, url, route] of cases) {
      expect([url, routeLabels(routeOf(method, url))]).toEqual([url, { method, route }]);
    }
  });

  it("has one name for all methods that nobody knows", () => {
    expect(routeLabels(routeOf("BREW", "http://h/")).method).toBe("other");
  });

  it("knows requests that carry events", () => {
    expect(isPublishRoute(routeOf("POST", "http://h/v1/topics/a"))).toBe(true);
    expect(isPublishRoute(routeOf("GET", "http://h/v1/events"))).toBe(false);
    expect(isPublishRoute(routeOf("POST", "http://h/v1/subscriptions"))).toBe(false);
  });
});

describe("nodeMetrics()", () => {
  it("counts events, repeats and the sizes of commits", async () => {
    await using alice = await openTestNode();
    const metrics = nodeMetrics(alice.node);
    const event = anEvent();
    await alice.node.accept({ topic: "order.placed", event });
    await alice.node.accept({ topic: "order.placed", event });
    const text = await scrape(...metrics);
    expect(text).toContain("weft_events_accepted_total 1");
    expect(text).toContain("weft_events_duplicate_total 1");
    expect(text).toContain("weft_store_commit_events_sum 1");
    expect(text).toContain("weft_store_events 1");
    expect(text).toContain("weft_store_head_position 1");
    expect(text).toContain('weft_node_info{node="alice",cluster="alice",federation="test"} 1');
  });

  it("counts deliveries by outcome, subscriptions by state, and the largest lag", async () => {
    await using alice = await openTestNode();
    const metrics = nodeMetrics(alice.node);
    await alice.node.subscriptions.put("busy", { protocol: "PULL", config: { topic: "order.>" } });
    await alice.node.subscriptions.put("idle", { protocol: "PULL", config: { topic: "billing.>" } });
    await alice.node.subscriptions.setPaused("idle", true);
    await alice.publish();
    await alice.publish();
    const [first] = await alice.node.subscriptions.pull("busy", { max: 1, waitMs: 0 });
    await alice.node.subscriptions.settle("busy", { ack: [first.ackId] });
    const text = await scrape(...metrics);
    expect(text).toContain('weft_deliveries_total{outcome="acknowledged"} 1');
    expect(text).toContain('weft_subscriptions{state="active"} 1');
    expect(text).toContain('weft_subscriptions{state="paused"} 1');
    expect(text).toContain("weft_subscription_lag_events_max 1");
  });

  it("keeps the deliveries of a subscription that was deleted", async () => {
    await using alice = await openTestNode();
    const metrics = new Metrics();
    metrics.add(nodeMetrics(alice.node));
    await alice.node.subscriptions.put("brief", { protocol: "PULL", config: { topic: "order.>" } });
    await alice.publish();
    const [first] = await alice.node.subscriptions.pull("brief", { max: 1, waitMs: 0 });
    await alice.node.subscriptions.settle("brief", { ack: [first.ackId] });
    await metrics.render();
    await alice.node.subscriptions.delete("brief");
    expect((await metrics.render()).text).toContain('weft_deliveries_total{outcome="acknowledged"} 1');
  });

  it("counts the dead letters that are held", async () => {
    await using alice = await openTestNode();
    const metrics = new Metrics();
    metrics.add(nodeMetrics(alice.node));
    alice.sinks.always = { type: "retry", reason: "down" };
    const config = { topic: "order.>", retry: { attemptsMax: 1 } };
    await alice.node.subscriptions.put("billing", { config, sink: "http://billing.test/hook" });
    expect((await metrics.render()).text).toContain("weft_dead_letters 0");
    await alice.publish();
    await alice.publish();
    await eventually(async () => expect((await metrics.render()).text).toContain("weft_dead_letters 2"));
    await alice.node.deadLetters.purge({});
    expect((await metrics.render()).text).toContain("weft_dead_letters 0");
  });

  it("names every metric weft_…, with a total for counters", async () => {
    await using alice = await openTestNode();
    const build = { version: "1.0.0", runtime: "bun", runtimeVersion: "1" };
    for (const { name, type, help } of [...nodeMetrics(alice.node), ...processMetrics(build)]) {
      expect(name).toMatch(/^weft_[a-z_]+$/);
      expect([name, name.endsWith("_total")]).toEqual([name, type === "counter"]);
      expect(help).toMatch(/\.$/);
    }
  });
});

describe("LoopLag", () => {
  it("measures how late its timer is, and ends when stopped", async () => {
    const clock = new FakeClock();
    const lag = new LoopLag(clock);
    await clock.advance(250);
    lag.stop();
    await clock.advance(1000);
    const text = await scrape(...lag.metrics());
    expect(text).toContain("weft_event_loop_lag_seconds_count 2");
    expect(clock.pending).toBe(0);
  });

  it("counts a timer that fires late by its lateness", async () => {
    let now = 0;
    let fire = () => undefined as void;
    const lag = new LoopLag({ now: () => now, after: (_, run) => (fire = run, () => undefined) });
    now = 150;
    fire();
    const text = await scrape(...lag.metrics());
    expect(text).toContain("weft_event_loop_lag_seconds_sum 0.05");
  });
});

describe("processMetrics()", () => {
  it("says what runs, and what it takes", async () => {
    const text = await scrape(...processMetrics({ version: "1.0.0", runtime: "bun", runtimeVersion: "1.4" }));
    expect(text).toContain('weft_build_info{version="1.0.0",runtime="bun",runtime_version="1.4"} 1');
    expect(text).toMatch(/weft_process_resident_memory_bytes \d{6,}/);
    expect(text).toMatch(/weft_process_cpu_seconds_total \d/);
  });
});
