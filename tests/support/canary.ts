/**
 * Tests that must fail. The gate runs them on each runtime and demands that they do: an assertion library, an adapter or
 * a runner that swallowed failures would be found out. The file name keeps them away from ordinary runs.
 */

import { afterEach, beforeEach, describe, expect, it } from "bun:test";

describe("canary", () => {
  it("passes when nothing is wrong", () => expect(1).toBe(1));
  it.skip("skips on demand", () => expect.unreachable());
  it("fails by an expectation", () => expect({ a: 1 }).toEqual({ a: 2 }));
  it("fails by a rejected promise", async () => await Promise.reject(new Error("rejected")));
  it("fails by an expectation on a promise", () => expect(Promise.resolve(1)).resolves.toBe(2));
  it("fails by a deadline", () => new Promise(() => {}), 50);

  describe("with hooks", () => {
    beforeEach(() => {
      throw new Error("in a hook");
    });
    it("fails by a hook before it", () => {});
  });

  describe("with later hooks", () => {
    afterEach(() => {
      throw new Error("in a hook");
    });
    it("fails by a hook after it", () => {});
  });
});
