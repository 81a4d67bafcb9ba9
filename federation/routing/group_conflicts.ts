/** Finds groups that are defined otherwise elsewhere: two were made at once, or while clusters could not see each other. */

import type { GroupElsewhere } from "../../node/mod.ts";
import type { LocalCluster, Want } from "../local_cluster.ts";
import type { RemoteInterest } from "./interest/mod.ts";

export interface GroupConflict extends GroupElsewhere {
  readonly group: string;
}

/** A group that is defined in several ways, by all that is known here. */
export interface DisputedGroup {
  readonly group: string;
  /** In order of key. */
  readonly definitions: readonly {
    readonly groupKey: string;
    readonly pattern: string;
    /** By name. */
    readonly clusters: readonly string[];
  }[];
}

export interface GroupConflictsParts {
  readonly remote: RemoteInterest;
  readonly local: Pick<LocalCluster, "cluster" | "wants">;
  /** Told of each conflict once, and again only after it was solved. */
  readonly onNotice: (notice: { readonly code: string; readonly detail: string; readonly peer: string }) => void;
}

export class GroupConflicts {
  readonly #parts: GroupConflictsParts;
  #conflicts: readonly GroupConflict[] = [];
  #wants: readonly Want[] = [];
  #version = -1;

  constructor(parts: GroupConflictsParts) {
    this.#parts = parts;
  }

  /** Those that there were when it was last looked. */
  get all(): readonly GroupConflict[] {
    return this.#conflicts;
  }

  /** Groups, of this cluster or not, that clusters define in different ways now; by name. `among`: only these. */
  disputed(among?: ReadonlySet<string>): DisputedGroup[] {
    const { remote, local } = this.#parts;
    const groups = new Map<string, Map<string, { pattern: string; clusters: Set<string> }>>();
    const own = local.wants().map((want) => ({ cluster: local.cluster, want }));
    for (const { cluster, want: { group, groupKey, pattern } } of [...own, ...remote.grouped()]) {
      if (group === undefined || groupKey === undefined || among?.has(group) === false) continue;
      const definitions = groups.get(group) ?? new Map<string, { pattern: string; clusters: Set<string> }>();
      const definition = definitions.get(groupKey) ?? { pattern, clusters: new Set<string>() };
      groups.set(group, definitions.set(groupKey, definition));
      definition.clusters.add(cluster);
    }
    return [...groups].filter(([, definitions]) => definitions.size > 1).sort(byName).map(([group, definitions]) => ({
      group,
      definitions: [...definitions].sort(byName).map(([groupKey, { pattern, clusters }]) => {
        return { groupKey, pattern, clusters: [...clusters].sort() };
      }),
    }));
  }

  /** Definitions of a group that other clusters told, each of a cluster once, by cluster. */
  elsewhere(name: string): GroupElsewhere[] {
    return this.#collect((group) => group === name);
  }

  /** Looks again, if anything has changed; to be called about once a second. */
  look(): void {
    const { remote, local, onNotice } = this.#parts;
    const wants = local.wants();
    if (remote.version === this.#version && wants === this.#wants) return;
    this.#version = remote.version;
    this.#wants = wants;
    const known = new Set(this.#conflicts.map(identityOf));
    this.#conflicts = this.#find(wants);
    for (const conflict of this.#conflicts) {
      if (known.has(identityOf(conflict))) continue;
      onNotice({ code: "GROUP_CONFLICT", detail: describe(conflict), peer: conflict.cluster });
    }
  }

  #find(wants: readonly Want[]): GroupConflict[] {
    const own = new Map<string, string>();
    for (const { group, groupKey } of wants) {
      if (group !== undefined && groupKey !== undefined) own.set(group, groupKey);
    }
    if (own.size === 0) return [];
    return this.#collect((group, key) => own.has(group) && own.get(group) !== key);
  }

  #collect(isWanted: (group: string, key: string) => boolean): GroupConflict[] {
    const found = new Map<string, GroupConflict>();
    for (const { cluster, want: { group, groupKey, pattern } } of this.#parts.remote.grouped()) {
      if (group === undefined || groupKey === undefined || !isWanted(group, groupKey)) continue;
      const conflict = { group, cluster, groupKey, pattern };
      found.set(identityOf(conflict), conflict);
    }
    return [...found.values()].sort((a, b) => identityOf(a) < identityOf(b) ? -1 : 1);
  }
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function describe({ group, cluster, pattern }: GroupConflict): string {
  return `group "${group}" has another definition in cluster "${cluster}" (topic "${pattern}"): each definition gets its own ` +
    "copy of the events; give one of them another name";
}

function identityOf({ cluster, groupKey }: GroupElsewhere): string {
  return `${cluster} ${groupKey}`;
}
