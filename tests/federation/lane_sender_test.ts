import { describe, expect, it } from "bun:test";

import { FakeLog } from "../support/fake_log.ts";
import { opened, Setup } from "./lane_sender_support.ts";
import { aShipment } from "./shipment_support.ts";

describe("LaneSender.pump()", () => {
  it("sends nothing before a link epoch is open", () => {
    const setup = new Setup();
    setup.push();
    expect(setup.sent).toEqual([]);
    setup.open();
    expect(setup.take()).toEqual([1]);
  });

  it("sends at once when idle", () => {
    const setup = opened();
    setup.push();
    expect(setup.take()).toEqual([1]);
  });

  it("waits 2 ms for company while a frame is under way", () => {
    const setup = opened();
    setup.push();
    setup.push();
    setup.world.advance(1);
    setup.push();
    expect(setup.take()).toEqual([1]);
    setup.world.advance(1);
    expect(setup.sent.map(({ frame }) => frame.groups.length)).toEqual([2]);
  });

  it("waits no longer for company once an answer is there", () => {
    const setup = opened();
    setup.push();
    setup.push();
    setup.accept(1);
    expect(setup.take()).toEqual([1, 2]);
  });

  it("does not wait when there is enough for a frame", () => {
    const setup = opened();
    setup.push();
    setup.push("x".repeat(300_000));
    expect(setup.take()).toEqual([1, 2]);
  });

  it("numbers the frames of an epoch, each with the chain of those before", () => {
    const setup = opened();
    setup.pushFrames(3);
    expect(setup.sent.map(({ frame }) => [frame.linkEpoch, frame.sequence])).toEqual([[1, 1], [1, 2], [1, 3]]);
    for (let i = 1; i < 3; i++) expect(setup.sent[i].frame.previousChain).toEqual(setup.sent[i - 1].chain as never);
  });

  it("stops at a full window, and goes on when there is room", () => {
    const setup = opened();
    for (let i = 0; i < 8; i++) setup.push("x".repeat(300_000));
    expect(setup.sent).toHaveLength(4);
    expect(setup.sender.state.credit).toBe(0);
    setup.accept(1);
    expect(setup.sent.length).toBeGreaterThan(4);
  });

  it("reads what is not at hand, once, and then sends it", () => {
    const before = new FakeLog();
    for (let i = 0; i < 5; i++) before.append({});
    const setup = new Setup(new FakeLog({ content: before.content }));
    setup.log.held = true;
    setup.queue.push(aShipment({ count: 5 }));
    setup.open();
    setup.sender.pump();
    expect([setup.sent, setup.log.reads]).toEqual([[], [0]]);
    setup.log.flush();
    expect(setup.sent.map(({ frame }) => frame.groups[0].events.length)).toEqual([5]);
  });

  it("counts frames, events and bytes", () => {
    const setup = opened();
    setup.pushFrames(2);
    expect(setup.sender.counts).toMatchObject({ frames: 2, events: 2, retransmitted: 0 });
    expect(setup.sender.counts.bytes).toBeGreaterThan(200);
  });

  it("says where it stands", () => {
    const setup = opened();
    setup.pushFrames(3);
    setup.accept(1);
    expect(setup.sender.state).toMatchObject({ unacked: 2, unackedEvents: 2, sentSequence: 3, ackedSequence: 1 });
    expect([...setup.sender.inFlight()].map(({ position }) => position)).toEqual([2, 3]);
  });
});

describe("LaneSender on an acknowledgement", () => {
  it("lets go of what the peer has, up to the frame", () => {
    const setup = opened();
    setup.pushFrames(3);
    setup.accept(2);
    expect(setup.released).toEqual([1, 2]);
  });

  it("lets go of everything once", () => {
    const setup = opened();
    setup.pushFrames(2);
    setup.accept(2);
    setup.accept(1);
    setup.accept(2);
    expect(setup.released).toEqual([1, 2]);
  });

  it("takes the answer to a frame for an answer to it, whatever older number it says", () => {
    const setup = opened();
    setup.pushFrames(2);
    setup.sent[1].answer({ type: "accepted", sequence: 1 });
    expect(setup.released).toEqual([1, 2]);
  });

  it("ignores answers to frames of an epoch that is closed", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.sender.close();
    setup.accept(1);
    setup.open(2);
    setup.pushFrames(1);
    setup.accept(1);
    expect([setup.released, setup.sender.state.unacked]).toEqual([[], 1]);
  });

  it("needs no new epoch because of an answer that comes after its own was closed", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.sender.close();
    setup.sent[0].answer({ type: "refused", code: "CHAIN", detail: "x" });
    expect(setup.notices).toEqual([]);
  });

  it("waits and sends again when it is known that no answer can come", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.sent.splice(0)[0].giveUp();
    setup.world.advance(250);
    expect([setup.take(), setup.notices]).toEqual([[1], []]);
  });

  it("needs a new epoch when the peer has more than was sent", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.sent[0].answer({ type: "accepted", sequence: 2 });
    expect([setup.released, setup.notices]).toEqual([[], ["FRAME_REFUSED!"]]);
  });
});

describe("LaneSender.close()", () => {
  it("takes back what was not acknowledged, in order", () => {
    const setup = opened();
    setup.pushFrames(3);
    setup.accept(1);
    setup.sender.close();
    expect([setup.released, setup.takenBack]).toEqual([[1], [2, 3]]);
  });

  it("sends nothing and waits for nothing any more", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.push();
    setup.sender.close();
    expect(setup.world.pending).toBe(0);
    setup.take();
    setup.world.advance(60_000);
    expect(setup.sent).toEqual([]);
  });

  it("does nothing twice", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.sender.close();
    setup.sender.close();
    expect(setup.takenBack).toEqual([1]);
  });
});

describe("LaneSender.open()", () => {
  it("begins again at frame 1 with a fresh chain", () => {
    const setup = opened();
    setup.pushFrames(2);
    setup.sender.close();
    setup.take();
    setup.open(7);
    setup.pushFrames(1);
    expect(setup.sent[0].frame).toMatchObject({ linkEpoch: 7, sequence: 1, previousChain: { hi: 0, lo: 0 } });
  });

  it("says nothing when the peer has what it acknowledged", () => {
    const setup = opened();
    setup.pushFrames(2);
    setup.accept(2);
    setup.sender.close();
    setup.open(2, { received: { linkEpoch: 1, sequence: 2 } });
    expect([setup.notices, setup.takenBack]).toEqual([[], []]);
  });

  it("says that the peer went back behind what it had acknowledged", () => {
    const setup = opened();
    setup.pushFrames(2);
    setup.accept(2);
    setup.sender.close();
    setup.open(2, { received: { linkEpoch: 1, sequence: 1 } });
    expect(setup.notices).toEqual(["PEER_ROLLED_BACK"]);
  });

  it("believes that a peer which has not started anew has lost nothing, however old its word is", () => {
    const setup = opened();
    setup.pushFrames(2);
    setup.accept(2);
    setup.sender.open(2, { received: { linkEpoch: 1, sequence: 1 }, regretMs: 0, samePeer: true });
    expect(setup.notices).toEqual([]);
  });

  it("closes the epoch before", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.open(2);
    expect(setup.takenBack).toEqual([1]);
  });

  it("says that the peer has nothing any more", () => {
    const setup = opened();
    setup.pushFrames(2);
    setup.accept(2);
    setup.sender.close();
    setup.open(2);
    expect(setup.notices).toEqual(["PEER_ROLLED_BACK"]);
  });
});
