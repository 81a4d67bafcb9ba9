/** Judges what publishers and subscribers of a mesh saw by what the mesh promises; knows nothing of how it works. */

import type { EventName, MeshLine } from "./mesh_history.ts";

export type BrokenMeshRule =
  /** Accepted and wanted, but the subscriber never got it. */
  | "LOST"
  /** More than once in the log of a cluster. */
  | "REPEATED"
  /** Pulled by a request that began after its acknowledgement had been answered, and not undone by an older copy of the disk. */
  | "RETURNED"
  /** Seen, but nobody sent it. */
  | "INVENTED"
  /** Seen where nobody asked for it. */
  | "UNWANTED"
  /** First seen after a later one of the same publisher. */
  | "DISORDERED"
  /** Nothing happened that could break a rule. */
  | "EMPTY";

export interface MeshViolation {
  readonly rule: BrokenMeshRule;
  readonly subject: string;
}

export interface MeshVerdict {
  /** Each as often as the rule is broken. */
  readonly violations: readonly MeshViolation[];
  readonly figures: {
    /** Events that were accepted. */
    readonly accepted: number;
    /** (event, subscriber) that had to come to be. */
    readonly wanted: number;
    /** Handed out again before they were acknowledged: allowed, at least once is what pulling promises. */
    readonly handedOutAgain: number;
    /** First seen after a later one of the same publisher, by a subscriber that allows it. */
    readonly outOfOrder: number;
    /** Wanted events that had not arrived yet, at each fault. */
    readonly inFlight: readonly number[];
  };
}

type LineOf<T extends MeshLine["type"]> = Extract<MeshLine, { type: T }>;

export function checkMesh(history: readonly MeshLine[]): MeshVerdict {
  const mesh = new PublishedEvents(history);
  const views = linesOf(history, "subscriber").map((subscriber) => new SubscriberView(subscriber, mesh, history));
  const violations = [...views.flatMap((view) => view.violations), ...checkLogs(history, mesh)];
  const wanted = views.reduce((sum, view) => sum + view.wanted, 0);
  if (mesh.accepted === 0 || wanted === 0) violations.push({ rule: "EMPTY", subject: "history" });
  return {
    violations,
    figures: {
      accepted: mesh.accepted,
      wanted,
      handedOutAgain: views.reduce((sum, view) => sum + view.handedOutAgain, 0),
      outOfOrder: views.reduce((sum, view) => sum + view.outOfOrder, 0),
      inFlight: linesOf(history, "struck").map(({ inFlight }) => inFlight),
    },
  };
}

/** What was sent and accepted, and under which topics. */
class PublishedEvents {
  readonly publishers = new Map<string, LineOf<"publisher">>();
  readonly #sent = new Map<string, number>();
  readonly #accepted: LineOf<"accepted">[];

  constructor(history: readonly MeshLine[]) {
    for (const line of linesOf(history, "publisher")) this.publishers.set(line.publisher, line);
    for (const { publisher, last } of linesOf(history, "sent")) this.#sent.set(publisher, last);
    this.#accepted = linesOf(history, "accepted");
  }

  get accepted(): number {
    return this.#accepted.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  }

  *acceptedOf(topics: readonly string[]): Generator<EventName> {
    for (const { publisher, first, last } of this.#accepted) {
      for (let n = first; n <= last; n++) if (topics.includes(this.topicOf(publisher, n))) yield `${publisher}:${n}`;
    }
  }

  wasSent(event: EventName): boolean {
    const { publisher, n } = partsOf(event);
    return n >= 1 && n <= (this.#sent.get(publisher) ?? 0);
  }

  topicOf(publisher: string, n: number): string {
    const { topics } = this.publishers.get(publisher)!;
    return topics[n % topics.length];
  }
}

/** One subscriber's part of the history. */
class SubscriberView {
  readonly violations: MeshViolation[] = [];
  wanted = 0;
  handedOutAgain = 0;
  outOfOrder = 0;
  readonly #subscriber: LineOf<"subscriber">;
  readonly #mesh: PublishedEvents;
  readonly #seen = new Set<EventName>();
  /** Number of the last one first seen, by publisher. */
  readonly #last = new Map<string, number>();

  constructor(subscriber: LineOf<"subscriber">, mesh: PublishedEvents, history: readonly MeshLine[]) {
    this.#subscriber = subscriber;
    this.#mesh = mesh;
    this.#replay(history);
    for (const event of mesh.acceptedOf(subscriber.topics)) {
      this.wanted++;
      if (!this.#seen.has(event)) this.#break("LOST", event);
    }
  }

  #replay(history: readonly MeshLine[]): void {
    const pulled = new Map<number, LineOf<"pulled">>();
    const begun = new Map<number, number>();
    const acknowledged = new Map<EventName, number>();
    let copiedAt = Infinity;
    for (const [at, line] of history.entries()) {
      if (line.type === "pulling") begun.set(line.request, at);
      else if (line.type === "pulled" && line.subscriber === this.#subscriber.subscriber) {
        pulled.set(line.request, line);
        for (const event of line.events) {
          if ((acknowledged.get(event) ?? Infinity) < begun.get(line.request)!) this.#break("RETURNED", event);
          this.#see(event);
        }
      } else if (line.type === "acknowledged") {
        for (const event of pulled.get(line.request)?.events ?? []) acknowledged.set(event, at);
      } else if (line.type === "copied" && line.cluster === this.#subscriber.cluster) copiedAt = at;
      else if (line.type === "restored" && line.cluster === this.#subscriber.cluster) {
        for (const [event, when] of acknowledged) if (when > copiedAt) acknowledged.delete(event);
      }
    }
  }

  #see(event: EventName): void {
    if (this.#seen.has(event)) return void this.handedOutAgain++;
    this.#seen.add(event);
    if (!this.#mesh.wasSent(event)) return this.#break("INVENTED", event);
    const { publisher, n } = partsOf(event);
    if (!this.#subscriber.topics.includes(this.#mesh.topicOf(publisher, n))) this.#break("UNWANTED", event);
    const last = this.#last.get(publisher) ?? 0;
    if (n > last) this.#last.set(publisher, n);
    else if (this.#subscriber.inOrder) this.#break("DISORDERED", `${event} after ${last}`);
    else this.outOfOrder++;
  }

  #break(rule: BrokenMeshRule, event: string): void {
    this.violations.push({ rule, subject: `${event} at ${this.#subscriber.subscriber}` });
  }
}

/** A cluster's log holds what was published there and what its subscribers want, each once. */
function checkLogs(history: readonly MeshLine[], mesh: PublishedEvents): MeshViolation[] {
  const violations: MeshViolation[] = [];
  const seen = new Map<string, Set<EventName>>();
  const subscribers = linesOf(history, "subscriber");
  for (const { cluster, events } of linesOf(history, "logged")) {
    const wanted = new Set(subscribers.filter((line) => line.cluster === cluster).flatMap(({ topics }) => topics));
    const logged = seen.get(cluster) ?? new Set<EventName>();
    seen.set(cluster, logged);
    for (const event of events) {
      const subject = `${event} in the log of ${cluster}`;
      if (logged.has(event)) violations.push({ rule: "REPEATED", subject });
      logged.add(event);
      if (!mesh.wasSent(event)) {
        violations.push({ rule: "INVENTED", subject });
        continue;
      }
      const { publisher, n } = partsOf(event);
      const published = mesh.publishers.get(publisher)!.clusters.includes(cluster);
      if (!published && !wanted.has(mesh.topicOf(publisher, n))) violations.push({ rule: "UNWANTED", subject });
    }
  }
  return violations;
}

function linesOf<T extends MeshLine["type"]>(history: readonly MeshLine[], type: T): LineOf<T>[] {
  return history.filter((line): line is LineOf<T> => line.type === type);
}

function partsOf(event: EventName): { publisher: string; n: number } {
  const colon = event.lastIndexOf(":");
  return { publisher: event.slice(0, colon), n: Number(event.slice(colon + 1)) };
}
