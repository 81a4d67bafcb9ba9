/** Port: which groups are known to exist beyond this node, so that one name does not come to mean two things. */

import { RefusedError } from "../errors.ts";
import { groupKeyOf } from "../local_wants.ts";
import { type GroupRecord, readerOf } from "./queue_group.ts";

/** A group of that name somewhere else. */
export interface GroupElsewhere {
  /** The cluster that has it. */
  readonly cluster: string;
  /** Name and hash of its definition: see `groupKeyOf()`. */
  readonly groupKey: string;
  readonly pattern: string;
}

export type GroupsElsewhere = (name: string) => readonly GroupElsewhere[];

/**
 * Throws `GROUP_MISMATCH` when a group is about to get a definition under a name that has another one elsewhere: each
 * definition would get its own copy of the events. A group that never leaves its cluster may be called as it likes.
 */
export function assertSameElsewhere(key: string, record: GroupRecord, elsewhere: GroupsElsewhere): void {
  const { group, ownOnly } = readerOf(key, record);
  if (group === undefined || ownOnly) return;
  const groupKey = groupKeyOf(group, record);
  const others = elsewhere(group).filter((other) => other.groupKey !== groupKey);
  if (others.length === 0) return;
  const named = others.slice(0, 3).map(({ cluster, pattern }) => `"${pattern}" in cluster "${cluster}"`).join(", ");
  throw new RefusedError(
    "GROUP_MISMATCH",
    `Cannot make group "${group}" for topic "${record.topic}": the mesh knows it otherwise, with topic ${named} ` +
      "(topic, types, source and filters must be equal); use the same ones, or another group name",
  );
}
