import { describe, expect, it } from "bun:test";

import { arrived, formMesh, publish } from "../../simulator/simulator_support.ts";

describe("an origin that comes back as an old copy of itself", () => {
  for (const told of [true, false]) {
    it(`numbers anew in an epoch that nobody has seen, ${told ? "restored by Weft" : "copied back behind its back"}`, () => {
      const mesh = formMesh({ links: "paris-london london-oslo", wants: { oslo: ["order.>"] } });
      const paris = mesh.node("paris");
      const before = publish(mesh, "paris", { count: 10 });
      mesh.run(2000);
      const copy = paris.disk.snapshot();
      const lost = publish(mesh, "paris", { count: 10 });
      mesh.run(2000);
      paris.stop({ powerLoss: false });
      paris.disk.restore(copy, { told });
      paris.start();
      mesh.run(3000);
      const after = publish(mesh, "paris", { count: 10 });
      mesh.run(2000);
      mesh.rest(60_000);
      expect(arrived(mesh, "oslo")).toEqual([...before, ...lost, ...after]);
    });
  }

  it("goes past what it had said once, and remembers that: no later start is an alarm", () => {
    const mesh = formMesh({ links: "paris-london london-oslo", wants: { oslo: ["order.>"] } });
    const paris = mesh.node("paris");
    const jumps = () => mesh.marks.toRecord()["notice: EPOCH_JUMP"] ?? 0;
    const restart = () => {
      paris.stop({ powerLoss: false });
      mesh.run(1500);
      paris.start();
      mesh.run(5000);
    };
    const copy = paris.disk.snapshot();
    for (let i = 0; i < 3; i++) restart();
    expect(jumps()).toBe(0);
    paris.disk.restore(copy, { told: false });
    restart();
    const atRestore = jumps();
    for (let i = 0; i < 3; i++) restart();
    expect([atRestore, jumps()]).toEqual([1, 1]);
  });

  it("is heard of, also when it comes back empty", () => {
    const mesh = formMesh({ links: "paris-london london-oslo", wants: { oslo: ["order.>"], paris: ["user.>"] } });
    const paris = mesh.node("paris");
    const before = publish(mesh, "paris", { count: 10 });
    mesh.run(2000);
    paris.stop({ powerLoss: false });
    paris.disk.empty();
    paris.start();
    mesh.run(10_000);
    const after = publish(mesh, "paris", { count: 10 });
    publish(mesh, "oslo", { count: 5, topic: "user.created" });
    mesh.run(2000);
    mesh.rest(60_000);
    expect(arrived(mesh, "oslo")).toEqual([...before, ...after]);
    expect(arrived(mesh, "paris")).toHaveLength(5);
  });
});
