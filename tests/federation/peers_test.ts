import { describe, expect, it } from "bun:test";

import { Peers } from "../../federation/link/peers.ts";
import { anIdentity } from "./hello_support.ts";

const there = () => true;
/** The process that speaks for the cluster was heard so long ago. */
const heard = (agoMs: number) => (_: string, withinMs: number) => agoMs < withinMs;

const COUNTER = 2 ** 32;
const bob = anIdentity({ cluster: "bob", node: "bob-1", instance: "b", epoch: 4 * COUNTER + 9 });

function knowing(identity = bob): Peers {
  const peers = new Peers(anIdentity());
  peers.note(identity);
  return peers;
}

describe("Peers.judge()", () => {
  it("lets a cluster in of which nothing is known", () => {
    expect(new Peers(anIdentity()).judge(bob, there)).toBeUndefined();
  });

  it("lets the process in that speaks for the cluster", () => {
    expect(knowing().judge(bob, there)).toBeUndefined();
  });

  it("lets a newer process in", () => {
    expect(knowing().judge({ ...bob, instance: "a", epoch: 5 * COUNTER }, there)).toBeUndefined();
  });

  it("quarantines an older process, and says why", () => {
    const reason = knowing().judge({ ...bob, instance: "z", epoch: 3 * COUNTER + 99 }, there);
    expect(reason?.code).toBe("QUARANTINED");
    expect(reason?.detail).toContain('node "bob-1" is quarantined: a newer process speaks for it (node "bob-1")');
  });

  it("refuses another node that names the cluster of one that is there, however new it is", () => {
    for (const counter of [3, 5]) {
      const other = { ...bob, node: "dora", instance: "z", epoch: counter * COUNTER };
      const reason = knowing().judge(other, there);
      expect(reason?.code).toBe("CLUSTER_NEEDS_SHARED_STORE");
      expect(reason?.detail).toContain('node "dora" says that it is cluster "bob", which is node "bob-1" already');
      expect(knowing().judge(other, heard(5000))?.code).not.toBe("CLUSTER_NEEDS_SHARED_STORE");
    }
  });

  it("lets the larger instance go first where two have the same data", () => {
    const peers = knowing();
    expect(peers.judge({ ...bob, instance: "c", epoch: 4 * COUNTER + 1 }, there)).toBeUndefined();
    expect(peers.judge({ ...bob, instance: "a", epoch: 4 * COUNTER + 99 }, there)?.detail).toContain(
      "a data directory was copied",
    );
  });

  it("lets an older process in when the newer one is gone: its data directory was restored", () => {
    const older = { ...bob, instance: "z", epoch: 3 * COUNTER };
    expect([knowing().judge(older, () => false), knowing().judge(older, there)?.code]).toEqual([
      undefined,
      "QUARANTINED",
    ]);
  });

  it("lets no older process in while the newer one was there a moment ago", () => {
    const older = { ...bob, instance: "z", epoch: 3 * COUNTER };
    expect(knowing().judge(older, heard(999))?.code).toBe("QUARANTINED");
    expect(knowing().judge(older, heard(1000))).toBeUndefined();
  });

  it("does not judge this node's own cluster", () => {
    const peers = new Peers(anIdentity());
    peers.note(anIdentity({ instance: "z", epoch: 9 * COUNTER }));
    expect(peers.judge(anIdentity({ instance: "a", epoch: 0 }), there)).toBeUndefined();
  });
});

describe("Peers.note()", () => {
  it("says whether another process was replaced", () => {
    const peers = new Peers(anIdentity());
    expect([peers.note(bob), peers.note(bob), peers.note({ ...bob, instance: "c" })]).toEqual([false, false, true]);
  });

  it("remembers where the process can be dialled", () => {
    const peers = knowing({ ...bob, url: "nats://10.0.0.2:7701" });
    expect([peers.urlOf("bob"), peers.urlOf("eve")]).toEqual(["nats://10.0.0.2:7701", undefined]);
  });

  it("lets a copy follow a process that is gone for longer than a moment: its data directory was restored", () => {
    const peers = new Peers(anIdentity());
    peers.note({ ...bob, instance: "z", epoch: 4 * COUNTER + 1 });
    const copy = { ...bob, instance: "a", epoch: 4 * COUNTER + 99 };
    expect(peers.judge(copy, heard(4999))?.code).toBe("QUARANTINED");
    expect(peers.judge(copy, () => false)).toBeUndefined();
  });
});
