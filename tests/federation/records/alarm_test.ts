import { describe, expect, it } from "bun:test";

import { Alarm } from "../../../federation/routing/records/alarm.ts";
import { FakeWorld } from "../../support/fake_world.ts";

function anAlarm() {
  const world = new FakeWorld();
  const from = world.now();
  const rung: number[] = [];
  const alarm = new Alarm(world, (now) => rung.push(now - from));
  return { world, alarm, rung, set: (inMs: number) => alarm.set(from + inMs) };
}

describe("Alarm", () => {
  it("can be set for any time after it was cleared", () => {
    const { world, alarm, rung, set } = anAlarm();
    set(100);
    alarm.clear();
    set(200);
    world.advance(1000);
    expect(rung).toEqual([200]);
  });

  it("can be set for any time after it has rung", () => {
    const { world, rung, set } = anAlarm();
    set(100);
    world.advance(150);
    set(300);
    world.advance(1000);
    expect(rung).toEqual([100, 300]);
  });

  it("keeps one timer, and none once it is cleared", () => {
    const { world, alarm, set } = anAlarm();
    set(100);
    set(50);
    expect(world.pending).toBe(1);
    alarm.clear();
    expect(world.pending).toBe(0);
  });
});
