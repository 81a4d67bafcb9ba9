/** Makes faults happen, and ends them: what is broken at a time is what some fault of that time says. */

import type { Fault, FaultKind } from "./faults.ts";
import type { Marks } from "./marks.ts";
import type { SimNode } from "./sim_node.ts";
import type { VirtualNetwork } from "./virtual_network.ts";
import type { PathQuality } from "./virtual_path.ts";

export interface InjectorParts {
  readonly network: VirtualNetwork;
  readonly nodes: ReadonlyMap<string, SimNode>;
  /** Machines between two neighbours, both included: their brokers may stand elsewhere. */
  readonly hops: (a: string, b: string) => readonly (readonly [string, string])[];
  readonly quality: PathQuality;
  readonly marks: Marks;
}

const SLOW_BYTES_PER_MS = 20;
const BAD_PERMILLE = { lossPermille: 50, duplicatePermille: 50, reorderPermille: 100 };
const DISK_SLOWNESS = 50;

export class FaultInjector {
  readonly #parts: InjectorParts;
  readonly #active = new Set<Fault>();
  #stopped = false;

  constructor(parts: InjectorParts) {
    this.#parts = parts;
  }

  schedule(faults: readonly Fault[]): void {
    const { scheduler } = this.#parts.network;
    for (const fault of faults) {
      scheduler.at(fault.startMs * 1000, () => this.begin(fault));
      scheduler.at(fault.endMs * 1000, () => this.end(fault));
    }
  }

  begin(fault: Fault): void {
    if (this.#stopped) return;
    this.#active.add(fault);
    this.#parts.marks.sometimes(`fault: ${fault.kind}`);
    this.#parts.network.trace.note("fault begins", fault.at.join("+"), fault.kind);
    if (fault.kind === "reset") {
      for (const [a, b] of this.#parts.hops(fault.at[0], fault.at[1])) {
        this.#parts.network.resetBetween(a, b, "connection reset");
      }
    }
    this.#refresh(fault);
  }

  end(fault: Fault): void {
    if (!this.#active.delete(fault)) return;
    this.#parts.network.trace.note("fault ends", fault.at.join("+"), fault.kind);
    this.#refresh(fault);
  }

  /** Nothing is broken from now on. */
  healAll(): void {
    this.#stopped = true;
    const active = [...this.#active];
    this.#active.clear();
    for (const fault of active) this.#refresh(fault);
    for (const node of this.#parts.nodes.values()) this.#refreshNode(node);
  }

  #refresh(fault: Fault): void {
    const { nodes } = this.#parts;
    if (fault.kind === "partition") {
      for (const a of nodes.keys()) for (const b of nodes.keys()) if (a < b) this.#refreshLink(a, b);
    } else if (fault.at.length === 2) this.#refreshLink(fault.at[0], fault.at[1]);
    else this.#refreshNode(nodes.get(fault.at[0])!);
  }

  #refreshNode(node: SimNode): void {
    const has = (kind: FaultKind): boolean => this.#some(kind, ({ at }) => at[0] === node.cluster);
    node.disk.full = has("disk full");
    node.disk.slowness = has("slow disk") ? DISK_SLOWNESS : 1;
    if (has("power loss")) node.stop({ powerLoss: true });
    else if (has("kill")) node.stop({ powerLoss: false });
    else if (has("leave")) node.leave();
    else node.start();
    if (has("freeze")) node.host.freeze();
    else node.host.wake();
  }

  #refreshLink(a: string, b: string): void {
    const { network, hops, quality } = this.#parts;
    const isOn = ({ at }: Fault): boolean => at.includes(a) && at.includes(b);
    const apart = this.#some("partition", ({ at }) => at.includes(a) !== at.includes(b));
    const slow = this.#some("slow link", isOn) ? { bytesPerMs: SLOW_BYTES_PER_MS } : {};
    const bad = this.#some("worse than TCP", isOn) ? BAD_PERMILLE : {};
    for (const [from, to] of hops(a, b)) {
      network.setQuality(from, to, { ...quality, ...slow, ...bad });
      network.setCut(from, to, this.#some("cut", isOn));
      const hole = apart || this.#some("black hole", isOn);
      network.setHole(from, to, hole || this.#some("one-way hole", ({ at }) => at[0] === a && at[1] === b));
      network.setHole(to, from, hole || this.#some("one-way hole", ({ at }) => at[0] === b && at[1] === a));
    }
  }

  #some(kind: FaultKind, fits: (fault: Fault) => boolean): boolean {
    for (const fault of this.#active) if (fault.kind === kind && fits(fault)) return true;
    return false;
  }
}
