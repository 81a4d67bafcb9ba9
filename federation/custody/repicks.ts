/**
 * Events of a group whose picked cluster cannot take them: it has no member any more, or has not been reached for too long.
 * Only the origin picks again, for the numbering has one writer.
 */

import type { CloudEvent, StoredEvent } from "../../node/mod.ts";
import type { CustodyLog } from "../custody_log.ts";
import type { Books } from "../ledger/books.ts";
import type { Lane } from "../link/codec/mod.ts";
import type { World } from "../world.ts";
import { acceptedEpoch, pickedAnew } from "./epochs.ts";
import { custodyKey, encodeRuns } from "./run_document.ts";
import { type CustodyDocument, endOf, type Run, sequenceAt, type Shipment } from "./shipment.ts";

export interface RepicksParts {
  readonly world: World;
  readonly self: string;
  readonly log: CustodyLog;
  readonly books: Books;
  readonly pick: (topic: string, event: CloudEvent, group: string, avoid: ReadonlySet<string>) => string | undefined;
  readonly laneOf: (topic: string) => Lane;
  readonly newMark: () => string;
  readonly onShipment: (shipment: Shipment) => void;
  /** Whether an event still waits here for a cluster, and is not under way to it. */
  readonly isWaiting: (cluster: string, position: number) => boolean;
  /** An event need not wait for a cluster any more: another one gets it. If it has left meanwhile, both do. */
  readonly onMoved: (cluster: string, position: number) => void;
  readonly onNotice: (notice: { code: string; detail: string; peer?: string }) => void;
  readonly onError: (error: unknown) => void;
}

/** A number of this cluster, which is its position, and the groups that still need a cluster. */
export interface UnpickedEvent {
  readonly epoch: number;
  readonly sequence: number;
  readonly groups: readonly string[];
}

/** A group's events that wait so long for the cluster that was picked for them go to another one (design §5). */
export const GROUP_FAILOVER_MS = 30_000;
/** Clusters that could not take an event, of so many events. */
const REMEMBERED_MAX = 65_536;
/** Events that are picked for anew in one go. */
const MOVED_AT_ONCE = 256;

export class Repicks {
  readonly #parts: RepicksParts;
  /** By event: clusters that said no. */
  readonly #refusers = new Map<string, Set<string>>();
  readonly #moving = new Set<string>();
  /** Events that were given to another cluster. */
  count = 0;

  constructor(parts: RepicksParts) {
    this.#parts = parts;
  }

  /** `cluster` cannot take it for these groups. */
  add(cluster: string, event: UnpickedEvent): void {
    const refusers = this.#refusersOf(event);
    refusers.add(cluster);
    const { sequence } = event;
    this.#parts.log.read({ after: sequence - 1, eventsMax: 1, bytesMax: 1 }, (error, [stored]) => {
      if (error !== undefined) return this.#parts.onError(error);
      if (stored?.position !== sequence || stored.epoch !== acceptedEpoch(event.epoch)) {
        return this.#gone(cluster, event);
      }
      for (const group of event.groups) this.#pick(stored, group, refusers);
    });
  }

  /**
   * Own events for groups that wait for a cluster which is not reached: each goes to another one, if there is one that can
   * be reached and has a member of each of its groups. Those for which there is none go on waiting.
   */
  move(shipments: readonly Shipment[]): void {
    let left = MOVED_AT_ONCE;
    for (const shipment of shipments) {
      for (let index = 0; index < shipment.count && left > 0; index++, left--) this.#moveOne(shipment, index);
    }
  }

  #moveOne(shipment: Shipment, index: number): void {
    const { log, pick, onError } = this.#parts;
    const [{ cluster, groups }] = shipment.destinations;
    const { epoch } = shipment;
    const sequence = sequenceAt(shipment, index);
    const key = `${cluster}/${epoch}/${sequence}`;
    if (this.#moving.has(key)) return;
    this.#moving.add(key);
    log.read({ after: sequence - 1, eventsMax: 1, bytesMax: 1 }, (error, [stored]) => {
      this.#moving.delete(key);
      if (error !== undefined) return onError(error);
      if (stored?.position !== sequence || !this.#parts.isWaiting(cluster, sequence)) return;
      const refusers = new Set([...this.#refusersOf({ epoch, sequence }), cluster]);
      const picks = groups.map((group) => ({ group, to: pick(stored.topic, stored.event, group, refusers) }));
      if (picks.some(({ to }) => to === undefined)) return;
      let open = picks.length;
      for (const { group, to } of picks) {
        this.#send(stored, to!, group, () => --open === 0 && this.#parts.onMoved(cluster, sequence));
      }
    });
  }

  /** What retention took in the meantime cannot be sent again. */
  #gone(cluster: string, { sequence, groups }: UnpickedEvent): void {
    const detail = `"${cluster}" has no member of group "${groups.join('", "')}" any more for event ${sequence}, and ` +
      "this cluster's log has it no more; give the store more room (store.maxBytes), or its rules more time";
    this.#parts.onNotice({ code: "GROUP_WITHOUT_MEMBER", detail });
  }

  #pick(stored: StoredEvent, group: string, refusers: ReadonlySet<string>): void {
    const { pick, onNotice } = this.#parts;
    const cluster = pick(stored.topic, stored.event, group, refusers);
    if (cluster === undefined) {
      const detail =
        `no other cluster has a member of group "${group}" for event ${stored.position}; it is not delivered to it`;
      return onNotice({ code: "GROUP_WITHOUT_MEMBER", detail });
    }
    this.#send(stored, cluster, group);
  }

  #send(stored: StoredEvent, cluster: string, group: string, done?: () => void): void {
    const { position, sequence, topic, bytes } = stored;
    const epoch = pickedAnew(stored.epoch);
    const { self, log, books, laneOf, newMark, onShipment, onError } = this.#parts;
    const run: Run = {
      position,
      count: 1,
      origin: self,
      epoch,
      firstSequence: sequence,
      bytes,
      lane: laneOf(topic),
      destinations: [{ cluster, previous: sequence - 1, ungrouped: false, groups: [group] }],
      hops: [],
      detours: 0,
      endsAt: endOf(stored),
    };
    const key = custodyKey(newMark(), position);
    const book = books.of(cluster, epoch);
    if (book.outstanding.has(sequence)) return; // it is on its way there already
    book.assign(sequence - 1, sequence);
    this.count++;
    log.commit([], [{ key, value: encodeRuns([run], position) }, book.toAssignedChange()], (error) => {
      if (error !== undefined) {
        book.withdraw(sequence - 1, sequence);
        return onError(error);
      }
      const document: CustodyDocument = { key, first: position, last: position, open: 1, owed: false };
      books.shelve(document, epoch, [cluster]);
      onShipment({ ...run, document });
      done?.();
    });
  }

  #refusersOf({ epoch, sequence }: Pick<UnpickedEvent, "epoch" | "sequence">): Set<string> {
    const key = `${acceptedEpoch(epoch)}/${sequence}`;
    let refusers = this.#refusers.get(key);
    if (refusers === undefined) {
      if (this.#refusers.size >= REMEMBERED_MAX) this.#refusers.delete(this.#refusers.keys().next().value!);
      this.#refusers.set(key, refusers = new Set());
    }
    return refusers;
  }
}
