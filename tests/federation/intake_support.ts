/** What the tests of intake share: a receiver with a log, and frames of a neighbour. */

import { Coverages } from "../../federation/custody/coverage.ts";
import { Intake, type IntakeParts } from "../../federation/custody/intake.ts";
import { Places } from "../../federation/custody/places.ts";
import { type Chain, CHAIN_START, type Frame, type FrameGroup } from "../../federation/link/codec/mod.ts";
import type { FrameAnswer } from "../../federation/link/publish_ack.ts";
import { FakeLog } from "../support/fake_log.ts";
import { aDestination, aFrame, aGroup, aRecord, writeFrame } from "./frame_support.ts";

/** Bob's intake, and frames of alice that continue each other. */
export class Setup {
  readonly log = new FakeLog({ cluster: "bob" });
  readonly coverages = new Coverages();
  readonly places = new Places();
  readonly answers: FrameAnswer[] = [];
  readonly forwarded: Parameters<IntakeParts["onForward"]>[] = [];
  readonly refused: string[] = [];
  readonly errors: unknown[] = [];
  /** What happened, in order. */
  readonly history: string[] = [];
  readonly intake: Intake;
  judge: IntakeParts["local"]["judge"] = (arrivals, done) => done(arrivals.map(() => "new"));
  #chain: Chain = CHAIN_START;
  #sequence = 0;
  #marks = 0;

  constructor() {
    this.intake = new Intake({
      self: "bob",
      log: this.log,
      local: { judge: (arrivals, done) => this.judge(arrivals, done), hasMember: () => true },
      coverages: this.coverages,
      places: this.places,
      newMark: () => `m${this.#marks++}`,
      onForward: (...forward) => {
        this.forwarded.push(forward);
        this.history.push("forward");
      },
      onCovered: ({ origin }) => this.history.push(`covered ${origin}`),
      onCrossed: (peer, { events }) => this.history.push(`crossed ${peer} ${events.length}`),
      onRefused: ({ peer, code }) => this.refused.push(`${peer} ${code}`),
      onError: (error) => this.errors.push(error),
    });
  }

  /** The next frame of alice's lane. */
  next(overrides: Partial<Frame> = {}): Uint8Array {
    const sequence = ++this.#sequence;
    const event = { sequence, ageMs: 0, record: aRecord(sequence) };
    const destinations = [aDestination({ previous: sequence - 1 })];
    const groups = [aGroup({ events: [event], destinations })];
    const { bytes, chain } = writeFrame(aFrame({ sequence, previousChain: this.#chain, groups, ...overrides }));
    this.#chain = chain;
    return bytes.slice();
  }

  /** Later frames belong to a new link epoch. */
  newEpoch(): void {
    this.#chain = CHAIN_START;
    this.#sequence = 0;
  }

  receive(bytes: Uint8Array, { peer = "alice" }: { peer?: string } = {}): void {
    this.intake.receive(peer, "normal", bytes, (answer) => {
      this.answers.push(answer);
      this.history.push(answer.type);
    });
  }

  get accepted(): number[] {
    return this.answers.flatMap((answer) => answer.type === "accepted" ? [answer.sequence] : []);
  }

  get ids(): unknown[] {
    return this.log.content.events.map(({ event }) => event.attributes.id);
  }
}

export const onward = (overrides: Partial<FrameGroup> = {}): Partial<Frame> => ({
  groups: [aGroup({ destinations: [aDestination({ cluster: "charlie" })], ...overrides })],
});
