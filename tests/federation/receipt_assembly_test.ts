import { describe, expect, it } from "bun:test";

import { ReceiptAssembly } from "../../federation/ledger/receipt_assembly.ts";
import type { ReceiptPart } from "../../federation/ledger/receipt_message.ts";

function aPart(overrides: Partial<ReceiptPart> = {}): ReceiptPart {
  const { part = 0 } = overrides;
  return {
    epoch: 1,
    version: 1,
    part,
    parts: 2,
    intervals: [[10 * part, 10 * part + 5]],
    exceptions: [{ sequence: 10 * part + 1, state: "rejected", reason: "X" }],
    ...overrides,
  };
}

describe("ReceiptAssembly.add()", () => {
  it("answers a receipt of one part at once", () => {
    expect(new ReceiptAssembly().add("bob", aPart({ parts: 1 }))).toMatchObject({ intervals: [[0, 5]] });
  });

  it("answers the whole once its last part is here, in whatever order they come", () => {
    const assembly = new ReceiptAssembly();
    expect(assembly.add("bob", aPart({ part: 1 }))).toBeUndefined();
    const whole = assembly.add("bob", aPart({ part: 0 }))!;
    expect(whole.intervals).toEqual([[0, 5], [10, 15]]);
    expect(whole.exceptions.map(({ sequence }) => sequence)).toEqual([1, 11]);
  });

  it("counts a part that comes again once", () => {
    const assembly = new ReceiptAssembly();
    assembly.add("bob", aPart());
    expect(assembly.add("bob", aPart())).toBeUndefined();
  });

  it("mixes no destinations, epochs or versions", () => {
    const others = [{ version: 2 }, { epoch: 2 }] as const;
    for (const other of others) {
      const assembly = new ReceiptAssembly();
      assembly.add("bob", aPart());
      expect(assembly.add("bob", aPart({ part: 1, ...other }))).toBeUndefined();
    }
    const assembly = new ReceiptAssembly();
    assembly.add("bob", aPart());
    expect(assembly.add("charlie", aPart({ part: 1 }))).toBeUndefined();
  });

  it("begins anew for a newer version, and takes no part of an older one then", () => {
    const assembly = new ReceiptAssembly();
    assembly.add("bob", aPart());
    assembly.add("bob", aPart({ version: 2 }));
    expect(assembly.add("bob", aPart({ part: 1 }))).toBeUndefined();
    expect(assembly.add("bob", aPart({ part: 1, version: 2 }))).toBeDefined();
  });

  it("begins anew for an older version of which the first part comes: its destination was restored", () => {
    const assembly = new ReceiptAssembly();
    assembly.add("bob", aPart({ version: 100 }));
    assembly.add("bob", aPart({ version: 60 }));
    expect(assembly.add("bob", aPart({ part: 1, version: 60 }))).toBeDefined();
  });

  it("begins anew for the same version cut differently", () => {
    const assembly = new ReceiptAssembly();
    assembly.add("bob", aPart());
    assembly.add("bob", aPart({ parts: 3 }));
    assembly.add("bob", aPart({ part: 1, parts: 3 }));
    expect(assembly.add("bob", aPart({ part: 2, parts: 3 }))!.intervals).toHaveLength(3);
  });

  it("is ready for the next receipt after a whole one", () => {
    const assembly = new ReceiptAssembly();
    for (let i = 0; i < 2; i++) {
      assembly.add("bob", aPart());
      expect(assembly.add("bob", aPart({ part: 1 }))).toBeDefined();
    }
  });

  it("takes no part that lies behind the last, and no receipt of too many", () => {
    const assembly = new ReceiptAssembly();
    expect(assembly.add("bob", aPart({ part: 2 }))).toBeUndefined();
    assembly.add("bob", aPart());
    expect(assembly.add("bob", aPart({ part: 1 }))).toBeDefined();
    expect(assembly.add("eve", aPart({ parts: 1025 }))).toBeUndefined();
  });

  it("is bounded: a flood of half receipts leaves no room for others, but for those of one part", () => {
    const assembly = new ReceiptAssembly();
    for (let epoch = 0; epoch < 4096; epoch++) assembly.add("eve", aPart({ epoch }));
    assembly.add("bob", aPart());
    expect(assembly.add("bob", aPart({ part: 1 }))).toBeUndefined();
    expect(assembly.add("bob", aPart({ parts: 1 }))).toBeDefined();
  });
});
