import { describe, expect, it } from "bun:test";

import { Circuit } from "../../../node/delivery/circuit.ts";

const bounds = { minMs: 100, maxMs: 10_000, first: true };

function opened(): Circuit {
  const circuit = new Circuit();
  for (let i = 0; i < 10; i++) circuit.failed(0, bounds);
  return circuit;
}

describe("Circuit", () => {
  it("lets everything through until ten failures in a row", () => {
    const circuit = new Circuit();
    for (let i = 0; i < 9; i++) circuit.failed(0, bounds);
    expect(circuit.allowance(0)).toBe(Infinity);
    circuit.failed(0, bounds);
    expect(circuit.allowance(0)).toBe(0);
  });

  it("is not opened by events that had failed before", () => {
    const circuit = new Circuit();
    for (let i = 0; i < 50; i++) circuit.failed(0, { ...bounds, first: i === 0 });
    expect(circuit.allowance(0)).toBe(Infinity);
    expect(circuit.failures).toBe(50);
  });

  it("allows one probe when the pause is over, and none beside it", () => {
    const circuit = opened();
    expect(circuit.waitMs(0)).toBe(100);
    expect(circuit.allowance(100)).toBe(1);
    circuit.began();
    expect(circuit.allowance(100)).toBe(0);
  });

  it("pauses twice as long after each failed probe, up to the subscription's own limit", () => {
    const circuit = opened();
    const waits: number[] = [];
    for (let i = 0; i < 9; i++) {
      circuit.began();
      circuit.failed(0, bounds);
      waits.push(circuit.waitMs(0));
    }
    expect(waits).toEqual([200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]);
  });

  it("does not count what was under way when it opened as failed probes", () => {
    const circuit = opened();
    for (let i = 0; i < 20; i++) circuit.failed(0, bounds);
    expect(circuit.waitMs(0)).toBe(100);
  });

  it("closes on the first success", () => {
    const circuit = opened();
    circuit.began();
    circuit.succeeded();
    expect(circuit.allowance(0)).toBe(Infinity);
    expect(circuit.open).toBe(false);
  });
});
