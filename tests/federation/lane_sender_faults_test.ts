import { describe, expect, it } from "bun:test";

import { CHAIN_START } from "../../federation/link/codec/mod.ts";
import { aDestination } from "./frame_support.ts";
import { opened, REGRET_MS, Setup } from "./lane_sender_support.ts";

describe("LaneSender when a frame is lost", () => {
  it("sends it again when no answer comes", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.take();
    setup.world.advance(249);
    expect(setup.sent).toEqual([]);
    setup.world.advance(1);
    expect([setup.take(), setup.sender.counts.retransmitted]).toEqual([[1], 1]);
  });

  it("sends everything behind it again, in order", () => {
    const setup = opened();
    setup.pushFrames(3);
    setup.take();
    setup.world.advance(260);
    expect(setup.take()).toEqual([1, 2, 3]);
  });

  it("sends it again later and later", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.world.advance(20_000);
    expect(setup.sent.length).toBeGreaterThanOrEqual(6);
    expect(setup.sent.length).toBeLessThanOrEqual(8);
  });

  it("tells how long it was held", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.take();
    setup.world.advance(260);
    expect(setup.sent.map(({ frame }) => frame.heldMs)).toEqual([250]);
  });

  it("is patient while the bus has not written it yet", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.buffered = 1;
    setup.take();
    setup.world.advance(999);
    expect(setup.sent).toEqual([]);
    setup.buffered = 0;
    setup.world.advance(250);
    expect(setup.take()).toEqual([1]);
  });

  it("is not patient for ever: what is not written may be another link's", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.buffered = 1;
    setup.take();
    setup.world.advance(1000);
    expect(setup.take()).toEqual([1]);
  });

  it("measures how long the answer took to what was sent last, and not to what was lost", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.take();
    setup.world.advance(250);
    const [again] = setup.sent.splice(0);
    setup.world.advance(5);
    again.answer({ type: "accepted", sequence: 1 });
    setup.pushFrames(1);
    setup.take();
    setup.world.advance(500); // the timer that was set for the first frame looks at the second
    expect(setup.take()).toEqual([2]);
  });

  it("stops sending again what was acknowledged", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.accept(1);
    setup.take();
    setup.world.advance(60_000);
    expect([setup.sent, setup.world.pending]).toEqual([[], 0]);
  });
});

describe("LaneSender on a wrong last sequence", () => {
  it("believes the receiver's cursor, and goes on from there", () => {
    const setup = opened();
    setup.pushFrames(3);
    const [, , third] = setup.sent.splice(0);
    third.answer({ type: "wrongSequence", last: 1, linkEpoch: 1 });
    expect([setup.released, setup.take()]).toEqual([[1], [2, 3]]);
  });

  it("sends everything again once, however many frames were refused", () => {
    const setup = opened();
    setup.pushFrames(5);
    const first = setup.sent.splice(0);
    for (const { answer } of first.slice(1)) answer({ type: "wrongSequence", last: 0, linkEpoch: 1 });
    expect(setup.take()).toEqual([1, 2, 3, 4, 5]);
  });

  it("lets a frame wait for company all the same, when nothing new was acknowledged", () => {
    const setup = opened();
    setup.pushFrames(2);
    const [, second] = setup.sent.splice(0);
    setup.push();
    second.answer({ type: "wrongSequence", last: 0, linkEpoch: 1 });
    expect(setup.take()).toEqual([1, 2]);
    setup.world.advance(2);
    expect(setup.take()).toEqual([3]);
  });

  it("sends everything once more when what was sent again is refused, too", () => {
    const setup = opened();
    setup.pushFrames(3);
    for (let round = 0; round < 3; round++) {
      const sent = setup.sent.splice(0);
      for (const { answer } of sent.slice(1)) answer({ type: "wrongSequence", last: 0, linkEpoch: 1 });
      expect(setup.sent.map(({ frame }) => frame.sequence)).toEqual([1, 2, 3]);
    }
  });

  it("takes the refusal of a repeat for its acknowledgement", () => {
    const setup = opened();
    setup.pushFrames(2);
    setup.world.advance(250);
    setup.sent.at(-1)!.answer({ type: "wrongSequence", last: 2, linkEpoch: 1 });
    expect([setup.released, setup.notices]).toEqual([[1, 2], []]);
  });

  it("rewinds nothing when the peer is where it was known to be", () => {
    const setup = opened();
    setup.pushFrames(3);
    setup.accept(1);
    const [, , third] = setup.sent.splice(0);
    third.answer({ type: "wrongSequence", last: 1, linkEpoch: 1 });
    expect([setup.take(), setup.notices, setup.sender.counts.rewinds]).toEqual([[2, 3], [], 0]);
  });

  it("needs a new epoch when the peer is ahead", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.sent[0].answer({ type: "wrongSequence", last: 9, linkEpoch: 1 });
    expect(setup.notices).toEqual(["FRAME_REFUSED!"]);
  });

  it("needs a new epoch when the peer is in a later one", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.sent[0].answer({ type: "wrongSequence", last: 0, linkEpoch: 8 });
    expect([setup.notices, setup.released]).toEqual([["LINK_EPOCH_OLD! 8"], []]);
  });
});

describe("LaneSender when the peer is full", () => {
  /** Its shipments wait in the queue again when they are taken back. */
  function refused(setup = opened()): Setup {
    setup.waitsAgain = true;
    setup.pushFrames(3);
    for (const { answer } of setup.sent.splice(0)) answer({ type: "full", detail: "no room" });
    return setup;
  }

  it("pauses the lane, says so once, and seals anew in a link epoch of its own", () => {
    const setup = refused();
    const { linkEpoch } = setup.sender;
    setup.world.advance(249);
    expect([setup.notices, setup.sent]).toEqual([["PEER_FULL"], []]);
    setup.world.advance(1);
    expect([setup.sender.linkEpoch, setup.take()]).toEqual([linkEpoch + 1, [1]]);
  });

  it("does not send again what was refused behind it before the pause is over", () => {
    const setup = opened();
    setup.waitsAgain = true;
    setup.pushFrames(3);
    const [first, second, third] = setup.sent.splice(0);
    first.answer({ type: "full", detail: "no room" });
    for (const { answer } of [second, third]) answer({ type: "wrongSequence", last: 0, linkEpoch: 1 });
    setup.world.advance(249);
    expect(setup.take()).toEqual([]);
    setup.world.advance(1);
    expect(setup.sent.map(({ frame }) => frame.linkEpoch)).toEqual([2]);
  });

  it("seals events of any rank in one frame again after sixteen that were taken", () => {
    const setup = opened();
    setup.waitsAgain = true;
    setup.pushFrames(1);
    setup.sent.splice(0)[0].answer({ type: "full", detail: "no room" });
    setup.world.advance(250);
    /** Groups of the frame that has events of two ranks, if they share one. */
    const groupsOfTwoRanks = (): number => {
      setup.push(undefined, { hops: ["x", "y"], destinations: [aDestination({ cluster: "charlie" })] });
      setup.push();
      setup.push(undefined, { hops: ["x", "y"], destinations: [aDestination({ cluster: "charlie" })] });
      const [last] = setup.sent.splice(0);
      last.answer({ type: "accepted", sequence: last.frame.sequence });
      return Math.max(...setup.sent.map(({ frame }) => frame.groups.length));
    };
    setup.sent.splice(0)[0].answer({ type: "accepted", sequence: 1 });
    expect(groupsOfTwoRanks()).toBe(1);
    for (let frame = 0; frame < 16; frame++) {
      for (const { frame: { sequence }, answer } of setup.sent.splice(0)) answer({ type: "accepted", sequence });
      setup.push();
    }
    for (const { frame: { sequence }, answer } of setup.sent.splice(0)) answer({ type: "accepted", sequence });
    expect(groupsOfTwoRanks()).toBeGreaterThan(1);
  });

  it("sends first what the peer takes longest: for its own readers, then with the most hops", () => {
    const setup = opened();
    setup.waitsAgain = true;
    const [far, own] = [[aDestination({ cluster: "charlie" })], [aDestination({ cluster: "bob" })]];
    setup.push(undefined, { destinations: far, hops: ["dora"] });
    setup.push(undefined, { destinations: far, hops: ["eve", "dora"] });
    setup.push(undefined, { destinations: [...far, ...own], hops: ["dora"] });
    setup.world.advance(2);
    for (const { answer } of setup.sent.splice(0)) answer({ type: "full", detail: "no room" });
    setup.world.advance(250);
    for (let i = 0; i < 3; i++) setup.world.advance(2); // small frames wait for company
    const ways = setup.sent.map(({ frame }) =>
      frame.groups.map(({ hops, destinations }) => `${hops.length} ${destinations.map(({ cluster }) => cluster)}`)
    );
    expect(ways).toEqual([["2 bob"], ["3 charlie"], ["2 charlie", "2 charlie"]]);
  });

  it("pauses longer and longer, up to 5 s", () => {
    const setup = opened();
    setup.waitsAgain = true;
    setup.pushFrames(1);
    const pauses: number[] = [];
    for (let i = 0; i < 7; i++) {
      setup.sent.splice(0)[0].answer({ type: "full", detail: "no room" });
      const from = setup.world.now();
      while (setup.sent.length === 0) setup.world.advance(1);
      pauses.push(setup.world.now() - from);
    }
    expect(pauses).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000]);
  });

  it("pauses shortly again once something was taken", () => {
    const setup = opened();
    setup.waitsAgain = true;
    setup.pushFrames(1);
    setup.sent.splice(0)[0].answer({ type: "full", detail: "no room" });
    setup.world.advance(250);
    setup.accept(1);
    setup.take();
    setup.pushFrames(1);
    setup.sent.splice(0)[0].answer({ type: "full", detail: "no room" });
    setup.world.advance(250);
    expect(setup.take()).toEqual([1]);
  });
});

describe("LaneSender on a refusal", () => {
  it("needs a new epoch, and keeps what was sent until then", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.sent[0].answer({ type: "refused", code: "CHAIN", detail: "x" });
    expect([setup.notices, setup.released, setup.sender.counts.refused]).toEqual([["FRAME_REFUSED!"], [], 1]);
    setup.sender.close();
    expect(setup.takenBack).toEqual([1]);
  });
});

describe("LaneSender with a peer that acknowledges before it syncs", () => {
  const regretting = (): Setup => opened({ regretMs: REGRET_MS });

  it("keeps what was acknowledged for the regret window", () => {
    const setup = regretting();
    setup.pushFrames(1);
    setup.accept(1);
    setup.world.advance(REGRET_MS - 1);
    setup.sender.trimRegret();
    expect(setup.released).toEqual([]);
    setup.world.advance(1);
    setup.sender.trimRegret();
    expect(setup.released).toEqual([1]);
  });

  it("sends again what the peer has lost, without a new epoch", () => {
    const setup = regretting();
    setup.pushFrames(3);
    for (const sequence of [1, 2, 3]) setup.accept(sequence);
    setup.take();
    setup.pushFrames(1);
    setup.sent.splice(0)[0].answer({ type: "wrongSequence", last: 1, linkEpoch: 1 });
    expect([setup.take(), setup.notices, setup.sender.counts.rewinds]).toEqual([[2, 3, 4], ["REWOUND"], 1]);
    expect(setup.sender.state).toMatchObject({ ackedSequence: 1, unacked: 3 });
  });

  it("lets go of what was lost once, when it was acknowledged again and its time is over", () => {
    const setup = regretting();
    setup.pushFrames(2);
    setup.accept(2);
    setup.pushFrames(1);
    setup.sent.at(-1)!.answer({ type: "wrongSequence", last: 0, linkEpoch: 1 });
    setup.sent.at(-1)!.answer({ type: "accepted", sequence: 3 });
    setup.world.advance(REGRET_MS);
    setup.sender.trimRegret();
    expect(setup.released).toEqual([1, 2, 3]);
  });

  it("needs a new epoch when the peer has lost more than is kept", () => {
    const setup = regretting();
    setup.pushFrames(2);
    setup.accept(2);
    setup.world.advance(REGRET_MS);
    setup.sender.trimRegret();
    setup.pushFrames(1);
    setup.sent.at(-1)!.answer({ type: "wrongSequence", last: 1, linkEpoch: 1 });
    expect(setup.notices).toEqual(["PEER_ROLLED_BACK!"]);
  });

  it("sends in the next epoch what the peer lost while the link was down", () => {
    const setup = regretting();
    setup.pushFrames(3);
    setup.accept(3);
    setup.sender.close();
    setup.open(2, { received: { linkEpoch: 1, sequence: 1 }, regretMs: REGRET_MS });
    expect([setup.takenBack, setup.notices, setup.sender.counts.rewinds]).toEqual([[2, 3], ["REWOUND"], 1]);
    setup.world.advance(REGRET_MS);
    setup.sender.trimRegret();
    expect(setup.released).toEqual([1]);
  });

  it("sends what a peer lost that knows nothing of the last epoch", () => {
    const setup = regretting();
    setup.pushFrames(2);
    setup.accept(2);
    setup.sender.close();
    setup.open(2, { received: { linkEpoch: 1, sequence: 2 }, regretMs: REGRET_MS });
    setup.pushFrames(1);
    setup.sent.at(-1)!.answer({ type: "accepted", sequence: 1 });
    setup.sender.close();
    setup.open(3, { received: { linkEpoch: 1, sequence: 1 }, regretMs: REGRET_MS });
    expect([setup.takenBack, setup.notices]).toEqual([[2, 3], ["REWOUND"]]);
  });

  it("does not mistake frames of an older epoch for lost ones of this epoch", () => {
    const setup = regretting();
    setup.pushFrames(3);
    setup.accept(3);
    setup.sender.close();
    setup.open(2, { received: { linkEpoch: 1, sequence: 3 }, regretMs: REGRET_MS });
    setup.take();
    setup.pushFrames(3);
    setup.accept(2);
    setup.sent.splice(0)[2].answer({ type: "wrongSequence", last: 1, linkEpoch: 2 });
    expect(setup.sent.map(({ frame }) => [frame.linkEpoch, frame.sequence])).toEqual([[2, 2], [2, 3]]);
  });

  it("tells how much of it is still kept when a part is gone", () => {
    const setup = regretting();
    setup.pushFrames(2);
    setup.accept(2);
    setup.world.advance(REGRET_MS);
    setup.sender.trimRegret();
    setup.pushFrames(1);
    setup.sent.at(-1)!.answer({ type: "accepted", sequence: 3 });
    setup.sender.close();
    setup.open(2, { received: { linkEpoch: 1, sequence: 0 }, regretMs: REGRET_MS });
    expect([setup.notices, setup.takenBack]).toEqual([["PEER_ROLLED_BACK"], [3]]);
  });
});

describe("LaneSender to a stream, which knows no link epochs", () => {
  const refusal = (last: number) => ({ type: "wrongSequence", last, linkEpoch: undefined }) as const;

  it("goes on after what the stream has, in a new link epoch, with a chain that begins anew", () => {
    const setup = opened();
    setup.waitsAgain = true;
    setup.pushFrames(2);
    for (const { answer } of setup.sent.splice(0)) answer(refusal(57));
    expect(setup.sent.map(({ frame }) => [frame.linkEpoch, frame.sequence, frame.groups[0].events[0].sequence]))
      .toEqual([
        [2, 58, 1],
      ]);
    expect(setup.sent[0].frame.previousChain).toEqual(CHAIN_START);
    setup.accept(58);
    setup.world.advance(2);
    expect(setup.released).toEqual([1, 2]);
    expect(setup.notices).toEqual([]);
  });

  it("sends again what the stream may have taken, and does not take another's frame for it", () => {
    const setup = opened();
    setup.waitsAgain = true;
    setup.pushFrames(1);
    setup.sent.splice(0)[0].answer(refusal(1));
    expect(setup.released).toEqual([]);
    expect(setup.sent.map(({ frame }) => [frame.sequence, frame.groups[0].events[0].sequence])).toEqual([[2, 1]]);
  });

  it("believes the stream of one frame only: the one before may be another's", () => {
    const setup = opened();
    setup.waitsAgain = true;
    setup.pushFrames(2);
    const [first, second] = setup.sent.splice(0);
    second.answer({ type: "accepted", sequence: 2, alone: true });
    expect(setup.released).toEqual([]);
    first.answer(refusal(2));
    expect([setup.released, setup.sent.map(({ frame }) => frame.sequence)]).toEqual([[2], [3]]);
  });
});
