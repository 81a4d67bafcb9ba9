/**
 * The way of an event, step by step. Start reading here; each step names the file that does it.
 *
 *   door → accept → store → dispatch → deliver, retry, dead letter
 */

import { describe, expect, it } from "bun:test";

import { decodeBinary, encodeStructured } from "../node/mod.ts";
import { openTestNode } from "./support/test_node.ts";

describe("The way of an event", () => {
  it("goes from a door through the log to every subscription that wants it", async () => {
    await using fixture = await openTestNode();
    const { node, sinks } = fixture;

    // 0. Somebody wants it. A subscription is a durable resource (node/subscriptions/subscriptions.ts).
    await node.subscriptions.put("billing", {
      config: { topic: "order.*" },
      filters: [{ sql: "subject LIKE 'eu-%'" }],
      sink: "http://billing.test/hook",
    });
    await node.subscriptions.put("audit", { config: { topic: ">" }, protocol: "PULL" });

    // 1. A door decodes bytes into an event, and keeps every byte (node/codec/).
    const headers = [["ce-specversion", "1.0"], ["ce-id", "1"], ["ce-source", "/shop"], ["ce-type", "order.placed"], [
      "ce-subject",
      "eu-berlin",
    ], ["content-type", "application/json"]] as const;
    const event = decodeBinary(headers, new TextEncoder().encode('{"total":12345678901234567890}'));

    // 2. Its routing key: the extension `topic`, else its type (node/topic.ts).
    const topic = node.topicOf(event);
    expect(topic).toBe("order.placed");

    // 3. Accept stores it and only then gives the receipt (node/accept/acceptor.ts).
    const receipt = await node.accept({ topic, event });
    expect(receipt).toMatchObject({ cluster: "alice", sequence: 1, position: 1 });

    // 4. A retry of the same event gets the same receipt, and is not stored again (node/accept/known_ids.ts).
    expect(await node.accept({ topic, event })).toEqual({ ...receipt, duplicate: true });
    expect(node.store.head).toBe(1);

    // 5. Dispatch matches it once (node/dispatcher.ts); the push worker hands it to the sink (node/delivery/push_worker.ts).
    const delivery = await sinks.next("billing");
    expect(encodeStructured(delivery.event)).toContain('"data":{"total":12345678901234567890}');
    expect(delivery.attempt).toBe(1);

    // 6. The sink fails; the event comes again after a growing pause (node/retry.ts), with the same delivery id.
    delivery.answer({ type: "retry", reason: "the sink answered 500" });
    await fixture.clock.advance(500);
    const second = await sinks.next("billing");
    expect(second.attempt).toBe(2);
    expect(second.deliveryId).toBe(delivery.deliveryId);
    second.answer({ type: "acknowledged", status: 204 });

    // 7. A slow subscriber costs the others nothing: it reads from the log when it comes (node/log_follower.ts).
    const [pulled] = await node.subscriptions.pull("audit", { max: 10, waitMs: 0 });
    expect(pulled.delivery.stored.event.attributes.id).toBe("1");
    await node.subscriptions.settle("audit", { ack: [pulled.ackId] });
    expect(await node.subscriptions.pull("audit", { max: 10, waitMs: 0 })).toEqual([]);
  });

  it("ends as a dead letter when every attempt fails, and can be redriven", async () => {
    await using fixture = await openTestNode();
    const { node, sinks } = fixture;
    await node.subscriptions.put("billing", {
      config: { topic: "order.>", retry: { attemptsMax: 1 } },
      sink: "http://billing.test/hook",
    });

    await fixture.publish({ id: "7", type: "order.placed" });
    (await sinks.next("billing")).answer({ type: "retry", reason: "the sink answered 500" });

    // The letter and the end of the delivery are one durable step (node/delivery/failure.ts, node/dead_letters.ts).
    const letter = await fixture.eventually(async () => {
      const { letters } = await node.deadLetters.list({}, { limit: 1 });
      expect(letters).toHaveLength(1);
      return letters[0];
    });
    expect(letter).toMatchObject({ subscription: "billing", reason: "ATTEMPTS_EXHAUSTED", attempts: 1 });

    expect(await node.redrive({ ids: [letter.id] })).toEqual({ redriven: 1, orphaned: 0 });
    await fixture.clock.advance(0);
    const again = await sinks.next("billing");
    expect(again.event.attributes.id).toBe("7");
    again.answer({ type: "acknowledged", status: 200 });
    expect((await node.deadLetters.list({}, { limit: 1 })).letters).toEqual([]);
  });

  it("is not repeated after a restart once it was acknowledged", async () => {
    await using fixture = await openTestNode();
    await fixture.node.subscriptions.put("audit", { config: { topic: ">" } });
    await fixture.publish({ id: "1" });
    await fixture.publish({ id: "2" });
    const [first] = await fixture.node.subscriptions.pull("audit", { max: 1, waitMs: 0 });
    await fixture.node.subscriptions.settle("audit", { ack: [first.ackId] });

    await fixture.crash();

    const pulled = await fixture.node.subscriptions.pull("audit", { max: 10, waitMs: 0 });
    expect(pulled.map(({ delivery }) => delivery.stored.event.attributes.id)).toEqual(["2"]);
  });
});
