/** The subjects of a link, as the design fixes them. Names hold no dot, so that each is one token. */

export class LinkSubjects {
  readonly #root: string;
  readonly #self: string;
  /** By neighbour and kind or lane: said again and again, and looked up by all that route them. */
  readonly #control = new Map<string, Map<string, string>>();
  readonly #frames = new Map<string, Map<string, string>>();

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
    return known(this.#control, to, kind, () => `${this.#root}.l.${this.#self}.${to}.${kind}`);
  }

  /** Control messages of all neighbours to this cluster. */
  get controlToSelf(): string {
    return `${this.#root}.l.*.${this.#self}.*`;
  }

  /** Who sent a control message, and of which kind it is. */
  parseControl(subject: string): { from: string; kind: string } {
    const [from, kind] = this.#ends(subject, ".l.");
    return { from, kind };
  }

  /** Frames of this cluster to a neighbour. */
  frames(to: string, lane: string): string {
    return known(this.#frames, to, lane, () => `${this.#root}.rx.${this.#self}.${to}.${lane}`);
  }

  get framesToSelf(): string {
    return `${this.#root}.rx.*.${this.#self}.*`;
  }

  parseFrames(subject: string): { from: string; lane: string } {
    const [from, lane] = this.#ends(subject, ".rx.");
    return { from, lane };
  }

  /** Of a subject `<root><of><from>.<self>.<last>`. */
  #ends(subject: string, of: string): [from: string, last: string] {
    const at = this.#root.length + of.length;
    return [subject.slice(at, subject.indexOf(".", at)), subject.slice(subject.lastIndexOf(".") + 1)];
  }
}

export type ControlKind = "hello" | "db" | "relay";

/** One text for each: a neighbour has few kinds and lanes. */
function known(texts: Map<string, Map<string, string>>, to: string, last: string, make: () => string): string {
  let ofPeer = texts.get(to);
  if (ofPeer === undefined) texts.set(to, ofPeer = new Map());
  let text = ofPeer.get(last);
  if (text === undefined) ofPeer.set(last, text = make());
  return text;
}
