import { describe, expect, it } from "bun:test";

import { judgeHello, type Meet, type ReasonCode, REASONS } from "../../federation/link/codec/mod.ts";
import { anIdentity } from "./hello_support.ts";

const alice = anIdentity();
const bob = anIdentity({ cluster: "bob", node: "bob-1", instance: "instance-of-bob" });
const rival = { ...bob, cluster: "alice" };

const table:
  readonly (readonly [what: string, mine: Meet, theirs: Meet, code: ReasonCode | undefined, says: string])[] = [
    ["lets two clusters of a federation be neighbours", alice, bob, undefined, ""],
    ["lets nodes of one name in two clusters be neighbours", alice, { ...bob, node: "alice-1" }, undefined, ""],
    ["tells a node that has met itself", alice, alice, "SELF", "has met itself"],
    [
      "names both federations",
      alice,
      { ...bob, federation: "globex" },
      "FEDERATION_MISMATCH",
      'node "alice-1" is in federation "acme", node "bob-1" in "globex"',
    ],
    [
      "suggests a typo when federations are near",
      alice,
      { ...bob, federation: "acne" },
      "FEDERATION_MISMATCH",
      "slip of the pen",
    ],
    [
      "takes two letters swapped for a typo",
      alice,
      { ...bob, federation: "amce" },
      "FEDERATION_MISMATCH",
      "slip of the pen",
    ],
    [
      "takes two slips in a long name for a typo",
      { ...alice, federation: "acme-production" },
      { ...bob, federation: "akme-produktion" },
      "FEDERATION_MISMATCH",
      "slip of the pen",
    ],
    [
      "takes three slips in a long name for another name",
      { ...alice, federation: "acme-production" },
      { ...bob, federation: "akme-produktiom" },
      "FEDERATION_MISMATCH",
      "give both the same federation.name",
    ],
    [
      "takes four other letters in a short name for another name",
      { ...alice, federation: "abcdef" },
      { ...bob, federation: "ghijef" },
      "FEDERATION_MISMATCH",
      "give both the same federation.name",
    ],
    [
      "takes a name with letters before and behind it for another name",
      { ...alice, federation: "production" },
      { ...bob, federation: "production-eu-west" },
      "FEDERATION_MISMATCH",
      "give both the same federation.name",
    ],
    [
      "takes a name for another one from either side",
      { ...alice, federation: "production-eu-west" },
      { ...bob, federation: "production" },
      "FEDERATION_MISMATCH",
      "give both the same federation.name",
    ],
    [
      "takes no short name for a typo of another",
      { ...alice, federation: "eu" },
      { ...bob, federation: "us" },
      "FEDERATION_MISMATCH",
      "if they are to be one mesh",
    ],
    [
      "lets version ranges that meet be neighbours",
      { ...alice, versions: [1, 2] },
      { ...bob, versions: [2, 3] },
      undefined,
      "",
    ],
    [
      "asks for an upgrade of the other one when it is older",
      { ...alice, versions: [3, 4] },
      { ...bob, versions: [1, 2] },
      "VERSION_INCOMPATIBLE",
      'upgrade "bob-1"',
    ],
    [
      "asks for an upgrade of this one when it is older",
      { ...alice, versions: [1, 1] },
      { ...bob, versions: [2, 3] },
      "VERSION_INCOMPATIBLE",
      'speaks versions 1 of the link protocol, node "bob-1" 2 to 3; upgrade "alice-1"',
    ],
    [
      "finds two processes of one node",
      alice,
      { ...rival, node: "alice-1", epoch: 4 * 2 ** 32 },
      "DUPLICATE_NODE",
      "a node.id, a cluster and an empty data directory of its own",
    ],
    [
      "does not call two new nodes of one name a copied data directory, since it cannot tell them apart",
      alice,
      { ...rival, node: "alice-1", epoch: 3 * 2 ** 32 + 5 },
      "DUPLICATE_NODE",
      "two nodes were given one name, or a data directory was copied",
    ],
    [
      "finds two nodes that name one cluster",
      alice,
      rival,
      "CLUSTER_NEEDS_SHARED_STORE",
      'nodes "alice-1" and "bob-1" both say that they are cluster "alice"',
    ],
    ["judges federations before clusters", alice, { ...rival, federation: "globex" }, "FEDERATION_MISMATCH", ""],
  ];

describe("judgeHello()", () => {
  for (const [what, mine, theirs, code, says] of table) {
    it(what, () => {
      const reason = judgeHello(mine, theirs);
      expect(reason?.code).toBe(code);
      if (reason !== undefined) expect(reason.detail).toContain(says);
    });
  }

  it("answers both sides alike", () => {
    for (const [, mine, theirs, code] of table) expect(judgeHello(theirs, mine)?.code).toBe(code);
  });
});

describe("REASONS", () => {
  it("say in sentences what is wrong and what to do", () => {
    for (const sentence of Object.values(REASONS)) expect(sentence).toMatch(/^[A-Z].*[.;] .*\.$/);
  });
});
