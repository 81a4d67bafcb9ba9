/** The subjects of a link, as the design fixes them. Names hold no dot, so that each is one token. */

export class LinkSubjects {
  readonly #root: string;
  readonly #self: string;

  constructor(federation: string, self: string) {
    this.#root = `weft.v1.${federation}`;
    this.#self = self;
  }

  /** Where a cluster says that it is here. */
  get meet(): string {
    return `${this.#root}.meet`;
  }

  /** Where the members of every federation meet: for telling a stranger that it mistook the name. */
  get meetAny(): string {
    return "weft.v1.*.meet";
  }

  /** Where a process that was refused is told why. */
  refusal(federation: string, instance: string): string {
    return `weft.v1.${federation}.refuse.${instance}`;
  }

  /** A control message of this cluster to a neighbour. */
  control(to: string, kind: ControlKind): string {
    return `${this.#root}.l.${this.#self}.${to}.${kind}`;
  }

  /** Control messages of all neighbours to this cluster. */
  get controlToSelf(): string {
    return `${this.#root}.l.*.${this.#self}.*`;
  }

  /** Who sent a control message, and of which kind it is. */
  parseControl(subject: string): { from: string; kind: string } {
    const tokens = subject.split(".");
    return { from: tokens[4], kind: tokens[6] };
  }

  /** Frames of this cluster to a neighbour. */
  frames(to: string, lane: string): string {
    return `${this.#root}.rx.${this.#self}.${to}.${lane}`;
  }

  get framesToSelf(): string {
    return `${this.#root}.rx.*.${this.#self}.*`;
  }

  parseFrames(subject: string): { from: string; lane: string } {
    const tokens = subject.split(".");
    return { from: tokens[4], lane: tokens[6] };
  }
}

export type ControlKind = "hello" | "db" | "relay";
