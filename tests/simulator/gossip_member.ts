/**
 * The simplest mesh that keeps its promises: everybody tells everybody what it has, and sends what others lack. It proves
 * the simulator: with it all invariants hold, and each of its flaws breaks the one that it should.
 */

import type { Want } from "../../federation/mod.ts";
import { EVERYTHING } from "../../adapters/store/needed_events.ts";
import type { CloudEvent, NeededEvents, StoredEvent } from "../../node/mod.ts";
import { decodeRecord } from "../../node/event_record.ts";
import { patternMatches } from "../../node/topic.ts";
import type { LinkBus } from "../../federation/mod.ts";
import type { Member, MemberBooks, MemberDestination, MemberParts, MemberState } from "./member.ts";

/** What can be wrong with it. */
export type GossipFlaw =
  | "never deduplicates"
  | "loses every tenth event"
  | "believes what is not durable"
  | "never joins again";

const GOSSIP_MS = 300;
const SUBJECT = "weft.v1.acme.rx.";
const EVENTS_AT_ONCE = 50;

interface Message {
  readonly from: string;
  readonly has?: readonly string[];
  readonly wants?: Readonly<Record<string, readonly string[]>>;
  readonly events?: readonly { readonly key: string; readonly record: readonly number[] }[];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class GossipMember implements Member {
  readonly #parts: MemberParts;
  readonly #flaw: GossipFlaw | undefined;
  readonly #events = new Map<string, Uint8Array>();
  readonly #staged = new Set<string>();
  readonly #wants = new Map<string, readonly string[]>();
  readonly #buses = new Set<LinkBus>();
  #ready = false;

  constructor(parts: MemberParts, flaw?: GossipFlaw) {
    this.#parts = parts;
    this.#flaw = flaw;
    parts.log.onAppend((events) => events.forEach((event) => this.#note(event)));
    parts.log.read({ after: 0, eventsMax: 1e9, bytesMax: 1e12 }, (_, events) => {
      for (const event of events) this.#note(event);
      this.#ready = true;
      this.#attach(parts.endpoint);
      for (const url of parts.join) this.#join(url);
      this.#gossip();
    });
  }

  destinations(topic: string, _event: () => CloudEvent): readonly MemberDestination[] {
    const { cluster: self } = this.#parts;
    return [...this.#wants].filter(([cluster, patterns]) =>
      cluster !== self && patterns.some((pattern) => patternMatches(pattern, topic))
    ).map(([cluster]) => ({ cluster, ungrouped: true, groups: [] }));
  }

  needed(): readonly NeededEvents[] {
    return EVERYTHING;
  }

  state(): MemberState {
    return {
      links: [],
      queued: 0,
      parked: 0,
      undispatched: this.#ready ? 0 : 1,
      root: [...this.#events.keys()].sort().join(),
      routes: [],
      counts: {},
    };
  }

  books(): MemberBooks {
    return { ledger: [], intervalsMax: 0 };
  }

  leave(done: () => void): void {
    done();
  }

  #note({ origin, epoch, sequence, record }: StoredEvent): void {
    this.#events.set(`${origin}/${epoch}/${sequence}`, record);
  }

  #join(url: string): void {
    const { dial, world } = this.#parts;
    dial(url, { timeoutMs: 1000 }, (result) => {
      if ("failure" in result) return void world.after(500, () => this.#join(url));
      this.#attach(result.bus);
      result.bus.onClosed(() => {
        this.#buses.delete(result.bus);
        if (this.#flaw !== "never joins again") world.after(500, () => this.#join(url));
      });
    });
  }

  #attach(bus: LinkBus): void {
    this.#buses.add(bus);
    bus.subscribe(`${SUBJECT}*`, ({ payload }) => this.#receive(bus, JSON.parse(decoder.decode(payload))));
  }

  #gossip(): void {
    const { local, cluster, world } = this.#parts;
    this.#wants.set(cluster, local.wants().map(({ pattern }: Want) => pattern));
    const message: Message = {
      from: cluster,
      has: [...this.#events.keys()],
      wants: Object.fromEntries(this.#wants),
    };
    for (const bus of this.#buses) this.#send(bus, message);
    world.after(GOSSIP_MS, () => this.#gossip());
  }

  #send(bus: LinkBus, message: Message): void {
    bus.publish(SUBJECT + message.from, encoder.encode(JSON.stringify(message)));
  }

  #receive(bus: LinkBus, { has, wants, events }: Message): void {
    if (wants !== undefined) {
      for (const [cluster, patterns] of Object.entries(wants)) {
        if (cluster !== this.#parts.cluster) this.#wants.set(cluster, patterns);
      }
    }
    if (has !== undefined) this.#answer(bus, new Set(has));
    for (const { key, record } of events ?? []) this.#take(key, Uint8Array.from(record));
  }

  #answer(bus: LinkBus, has: ReadonlySet<string>): void {
    const missing = [...this.#events].filter(([key]) => !has.has(key)).slice(0, EVENTS_AT_ONCE);
    if (missing.length === 0) return;
    const events = missing.map(([key, record]) => ({ key, record: [...record] }));
    this.#send(bus, { from: this.#parts.cluster, events });
  }

  #take(key: string, record: Uint8Array): void {
    if (this.#flaw !== "never deduplicates" && (this.#events.has(key) || this.#staged.has(key))) return;
    const [origin, epoch, sequence] = key.split("/");
    if (this.#flaw === "loses every tenth event" && Number(sequence) % 10 === 0) {
      this.#events.set(key, record);
      return;
    }
    const entry = decodeRecord(record);
    const wanted = this.#parts.local.wants().some(({ pattern }) => patternMatches(pattern, entry.topic));
    this.#staged.add(key);
    if (this.#flaw === "believes what is not durable") this.#events.set(key, record);
    this.#parts.log.commit(
      [{
        ...entry,
        record,
        origin: { cluster: origin, epoch: Number(epoch), sequence: Number(sequence) },
        audience: { ungrouped: wanted, groups: [] },
      }],
      [],
      () => this.#staged.delete(key),
    );
  }
}
