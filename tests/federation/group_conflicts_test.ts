/** One name, two definitions: who has them, and how often that is told. */

import { describe, expect, it } from "bun:test";

import type { Want } from "../../federation/mod.ts";
import { GroupConflicts } from "../../federation/routing/group_conflicts.ts";
import { RemoteInterest } from "../../federation/routing/interest/mod.ts";

const inGroup = (group: string, pattern: string): Want => ({
  pattern,
  group,
  groupKey: `${group}:${pattern}`,
  durable: true,
});

function setUp(own: readonly Want[]) {
  const remote = new RemoteInterest();
  const notices: string[] = [];
  let wants = own;
  const conflicts = new GroupConflicts({
    remote,
    local: { cluster: "paris", wants: () => wants },
    onNotice: ({ code, detail, peer }) => notices.push(`${code} ${peer}: ${detail}`),
  });
  return { remote, notices, conflicts, want: (...now: readonly Want[]) => void (wants = now) };
}

describe("GroupConflicts.elsewhere()", () => {
  it("has each definition of a group in each other cluster once", () => {
    const { remote, conflicts } = setUp([]);
    remote.set("oslo", 0, [inGroup("billing", "order.>"), { ...inGroup("billing", "order.>"), durable: false }]);
    remote.set("rome", 0, [inGroup("billing", "stock.>"), inGroup("other", "a"), { pattern: "b", durable: true }]);
    expect(conflicts.elsewhere("billing").map(({ cluster, pattern }) => `${cluster} ${pattern}`)).toEqual([
      "oslo order.>",
      "rome stock.>",
    ]);
  });
});

describe("GroupConflicts.disputed()", () => {
  it("has each definition with its clusters, also where only others differ, and no group that all define alike", () => {
    const { remote, conflicts } = setUp([inGroup("billing", "order.>"), inGroup("same", "a")]);
    remote.set("oslo", 0, [inGroup("billing", "stock.>"), inGroup("theirs", "x"), inGroup("same", "a")]);
    remote.set("rome", 0, [inGroup("billing", "order.>"), inGroup("theirs", "y")]);
    const text = (among?: ReadonlySet<string>) =>
      conflicts.disputed(among).map(({ group, definitions }) => {
        return [group, ...definitions.map(({ pattern, clusters }) => `${pattern} ${clusters}`)].join(": ");
      });
    expect(text()).toEqual(["billing: order.> paris,rome: stock.> oslo", "theirs: x oslo: y rome"]);
    expect(text(new Set(["theirs", "same"]))).toEqual(["theirs: x oslo: y rome"]);
  });
});

describe("GroupConflicts.look()", () => {
  it("says which other cluster has a group of this one defined otherwise, with its topic", () => {
    const { remote, conflicts, notices } = setUp([inGroup("billing", "order.>")]);
    remote.set("oslo", 0, [inGroup("billing", "stock.>")]);
    conflicts.look();
    expect(notices).toHaveLength(1);
    expect(notices[0]).toContain('GROUP_CONFLICT oslo: group "billing" has another definition in cluster "oslo"');
    expect(notices[0]).toContain('(topic "stock.>")');
  });

  it("says nothing of groups that are the same, or that are not here", () => {
    const { remote, conflicts, notices } = setUp([inGroup("billing", "order.>")]);
    remote.set("oslo", 0, [inGroup("billing", "order.>"), inGroup("other", "stock.>")]);
    conflicts.look();
    expect(notices).toEqual([]);
  });

  it("says it once, and again only when it came back", () => {
    const { remote, conflicts, notices, want } = setUp([inGroup("billing", "order.>")]);
    remote.set("oslo", 0, [inGroup("billing", "stock.>")]);
    conflicts.look();
    want(inGroup("billing", "order.>"), inGroup("more", "a"));
    conflicts.look();
    expect(notices).toHaveLength(1);
    want();
    conflicts.look();
    expect(conflicts.all).toEqual([]);
    want(inGroup("billing", "order.>"));
    conflicts.look();
    expect(notices).toHaveLength(2);
  });
});
