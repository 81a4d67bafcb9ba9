/** Mutants of the links: frames, their numbers and chains, link epochs, the regret window. */

import type { SeededMutant } from "./mutant.ts";

export const LINK_MUTANTS: readonly SeededMutant[] = [
  {
    name: "let go of frames that are not acknowledged when a link breaks",
    why: "They would be lost: the receiver has not said that it has them.",
    file: "federation/link/lane_sender.ts",
    from: "this.#parts.takeBack(unacked.flatMap(({ shipments }) => shipments));",
    to: "this.#parts.release(unacked.flatMap(({ shipments }) => shipments));",
  },
  {
    name: "forget the regret window",
    why: "A receiver that acknowledges before it syncs may lose its tail, and nobody would have it any more.",
    file: "federation/link/regret_window.ts",
    from: "if (this.keepMs === 0) return this.#letGo(frame);",
    to: "return this.#letGo(frame);",
  },
  {
    name: "take frames of an older link epoch for lost ones",
    why: "They would be sent again in the middle of this one, and refused for ever.",
    file: "federation/link/regret_window.ts",
    from: "const lost = this.#frames.filter((frame) => isAfter(frame, place));",
    to: "const lost = this.#frames.filter((frame) => frame.sequence > place.sequence);",
  },
  {
    name: "send again at every refusal",
    why: "A frame that is lost would cost as many windows as there were frames behind it.",
    file: "federation/link/lane_sender.ts",
    from: 'if (answer.type !== "wrongSequence" || round === this.#round) this.#answered',
    to: "this.#answered",
  },
  {
    name: "send again to a peer that is full",
    why: "A full receiver would be flooded with what it has just refused.",
    file: "federation/link/lane_sender.ts",
    from: "    if (this.#paused) return;\n    this.#round++;\n",
    to: "    this.#round++;\n",
  },
  {
    name: "believe answers of a closed epoch",
    why: "A late answer would let go of other frames of the same number.",
    file: "federation/link/lane_sender.ts",
    from: "      if (bytes === undefined || !this.#open || epoch !== this.#linkEpoch) return;\n",
    to: "      if (bytes === undefined) return;\n",
  },
  {
    name: "go on with the chain of the epoch before",
    why: "The first frame of an epoch would be refused.",
    file: "federation/link/lane_sender.ts",
    from: "    this.#chain = CHAIN_START;\n    this.#regret.keepMs",
    to: "    this.#regret.keepMs",
  },
  {
    name: "take a stream's last frame for the sender's own",
    why: "Another process of the cluster may have sent it, and this one's would be lost.",
    file: "federation/link/lane_sender.ts",
    from: "if (answer.linkEpoch === undefined && answer.last > this.#acked)",
    to: "if (answer.linkEpoch === undefined && answer.last > this.#sealed)",
  },
  {
    name: "believe a stream also of the frames before",
    why: "One of them may have been refused, and what lies in its place is another process's.",
    file: "federation/link/lane_sender.ts",
    from: "if (answer.alone) return this.#taken(frame);",
    to: "",
  },
  {
    name: "begin a link epoch that the peer knows",
    why: "The peer would take new frames for repeats.",
    file: "federation/link/links.ts",
    from: "this.#epochs = Math.max(this.#epochs, atLeast) + 1",
    to: "this.#epochs + 1",
  },
  {
    name: "let the older process speak",
    why: "A process that woke up late would speak for a cluster that has another one by now.",
    file: "federation/link/peers.ts",
    from: "    if (goesBefore(them, known)) return undefined;\n    const isCopy",
    to: "    if (known !== undefined) return undefined;\n    const isCopy",
  },
  {
    name: "notice only silence",
    why: "A link that is lost one way would stand for ever, and swallow what is sent.",
    file: "federation/link/heartbeat.ts",
    from: "    return now - Math.min(this.#heardAt, this.#provenAt + this.intervalMs) > this.deadlineMs;\n",
    to: "    return now - this.#heardAt > this.deadlineMs;\n",
  },
];
