import { describe, expect, it } from "bun:test";

import { orderingKey, OrderLanes } from "../../../node/delivery/order_lanes.ts";
import { anEvent } from "../../support/events.ts";

describe("OrderLanes", () => {
  it("lets only the first of a lane go", () => {
    const lanes = new OrderLanes();
    expect([lanes.enter("a", 1), lanes.enter("a", 2), lanes.enter("b", 3)]).toEqual([true, false, true]);
  });

  it("names the one that has become first", () => {
    const lanes = new OrderLanes();
    for (const position of [1, 2, 3]) lanes.enter("a", position);
    expect(lanes.leave("a", 2)).toBeUndefined();
    expect(lanes.leave("a", 1)).toBe(3);
    expect(lanes.leave("a", 3)).toBeUndefined();
    expect(lanes.enter("a", 4)).toBe(true);
  });
});

describe("orderingKey()", () => {
  it("is the partition key when there is one", () => {
    const one = anEvent({ source: "/a", attributes: { partitionkey: "k" } });
    const other = anEvent({ source: "/b", attributes: { partitionkey: "k" } });
    expect(orderingKey(one)).toBe(orderingKey(other));
  });

  it("is source and subject otherwise, and never mistakes one for a partition key", () => {
    const one = anEvent({ source: "/a", attributes: { subject: "s" } });
    expect(orderingKey(one)).toBe(orderingKey(anEvent({ source: "/a", attributes: { subject: "s" } })));
    expect(orderingKey(one)).not.toBe(orderingKey(anEvent({ source: "/a", attributes: { subject: "t" } })));
    expect(orderingKey(anEvent({ source: "/a" }))).not.toBe(
      orderingKey(anEvent({ attributes: { partitionkey: "/a" } })),
    );
  });
});
