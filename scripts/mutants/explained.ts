/** Mutants of the operators that survive for a reason: they change nothing that a test could see, or nothing that matters. */

/** A mutant is found by its file, the line that it changes, and the change. */
export interface Explained {
  readonly file: string;
  /** The line without its indent. */
  readonly line: string;
  /** Part of the mutant's name behind its place; without: every change of the line. */
  readonly change?: string;
  readonly why: string;
}

export const EXPLAINED: readonly Explained[] = [
  {
    file: "federation/link/codec/judge_hello.ts",
    line: "const older = mine.versions[1] < theirs.versions[0] ? mine : theirs;",
    change: '"<" becomes "<="',
    why: "It is asked of ranges that do not meet: their ends are never equal.",
  },
  {
    file: "federation/link/codec/frame_writer.ts",
    line: "this.#ages = [];",
    why: "Each group that begins empties the list.",
  },
  {
    file: "federation/link/regret_window.ts",
    line: "if (now - oldest.ackedAt < this.keepMs && this.#bytes <= BYTES_MAX) break;",
    change: '"<=" becomes "<"',
    why: "A byte more or less of 256 MiB.",
  },
  {
    file: "federation/link/publish_ack.ts",
    line: 'if (typeof json !== "object" || json === null) return undefined;',
    change: '"||" becomes "&&"',
    why: "What is no object has no members either: it cannot be read both ways.",
  },
  {
    file: "federation/link/send_window.ts",
    line: "if (this.#size < WINDOW_BYTES_MAX) this.#size = Math.min(WINDOW_BYTES_MAX, this.#size + GROWTH_BYTES);",
    change: '"<" becomes "<="',
    why: "At its bound the window stays as it is either way.",
  },
  {
    file: "federation/routing/interest/ratio_heap.ts",
    line: "return left === right ? this.#orders[a] > this.#orders[b] : left > right;",
    change: '">" becomes ">="',
    why: "Orders are all different, and equal priorities take the other way.",
  },
  {
    file: "federation/routing/interest/token_branches.ts",
    line: "if (end < other.length ? other.charCodeAt(end) !== DOT : end > other.length) return false;",
    change: '"<" becomes "<="',
    why: "Patterns that end here have been put aside: behind the token there is always a dot.",
  },
  {
    file: "federation/routing/interest/token_branches.ts",
    line: "for (let i = start; i < end; i++) if (pattern.charCodeAt(i) !== other.charCodeAt(i)) return false;",
    change: '"<" becomes "<="',
    why: "Patterns that end here have been put aside: behind the token there is always a dot.",
  },
  {
    file: "federation/routing/paths/class_routes.ts",
    line: "for (let destination = 0; destination < hops.length; destination++) {",
    change: '"<" becomes "<="',
    why: "Behind the end of a typed array nothing is read and nothing written.",
  },
  {
    file: "federation/routing/paths/shortest_path.ts",
    line: "for (let arc = offsets[vertex], end = offsets[vertex + 1]; arc < end; arc++) {",
    change: '"<" becomes "<="',
    why: "The vertex before is found among its own arcs; at the start no arc costs nothing.",
  },
  {
    file: "federation/routing/records/ageing.ts",
    line: "if (this.#heap.length > 2 * this.#entries.size + STALE_MAX) this.#rebuild();",
    why: "When the heap is built anew changes what it costs, not what it says.",
  },
  {
    file: "federation/routing/records/alarm.ts",
    line: "this.#cancel = undefined;",
    why: "A timer that is cancelled twice is cancelled.",
  },
  {
    file: "federation/routing/records/message_writer.ts",
    line: "if (this.#length > 1 && this.#length + HEAD_BYTES + bytes > this.#bytesMax) this.#end();",
    change: '">" becomes ">="',
    why: "A message is a byte smaller than it could be; one without content is not sent.",
  },
  {
    file: "federation/link/frame_builder.ts",
    line: "if (ended !== undefined) this.#writer.endGroup();",
    why: "The writer ends an open group by itself when the next one begins, and when the frame is finished.",
  },
  {
    file: "federation/link/peers.ts",
    line: "return counter(a) === counter(b) ? a.instance > b.instance : counter(a) > counter(b);",
    change: '">" becomes ">="',
    why: "Equal instances are one process, which is let in before; counters that are equal take the other way.",
  },
  {
    file: "federation/routing/records/alarm.ts",
    line: "if (at >= this.#at) return;",
    change: '">=" becomes ">"',
    why: "A timer is set anew for the same time.",
  },
  {
    file: "federation/routing/records/record_holder.ts",
    line: "if (gone.length > 0) this.#parts.onPurged(gone);",
    change: '">" becomes ">="',
    why: "Telling of nothing changes nothing.",
  },
  {
    file: "federation/routing/interest/prefix_pruning.ts",
    line: "return weight > 0 && weight < Infinity ? weight : 0;",
    change: '">" becomes ">="',
    why: "Nought is nought either way.",
  },
  {
    file: "federation/routing/interest/remote_interest.ts",
    line: "if (a.cluster !== b.cluster) return a.cluster < b.cluster ? -1 : 1;",
    change: '"<" becomes "<="',
    why: "They are different here.",
  },
  {
    file: "federation/link/session.ts",
    line:
      'const whole = hash !== this.#saidHash || now - this.#saidFullAt > FULL_EVERY_MS || this.#state === "opening";',
    change: '">" becomes ">="',
    why: "A millisecond sooner or later, once in ten seconds.",
  },
  {
    file: "federation/routing/records/db_message.ts",
    line: "if (start > to) return false;",
    change: '">" becomes ">="',
    why: "A record of no bytes is none: it is refused a step later.",
  },
  {
    file: "federation/routing/records/persist_queue.ts",
    line: "if (this.#waiting.size > 0) this.#alarm.set(this.#parts.world.now());",
    change: '">" becomes ">="',
    why: "The alarm finds nothing to do.",
  },
  {
    file: "federation/routing/records/db_message.ts",
    line: 'if (at + HEAD_BYTES > payload.length) return "message ends in the head of a section";',
    change: '">" becomes ">="',
    why: "An empty section at the very end is refused; none is written.",
  },
  {
    file: "federation/routing/records/walk_answer.ts",
    line: "if (bytes >= options.roundBytes) {",
    change: '">=" becomes ">"',
    why: "A round holds one bucket more where it is exactly full.",
  },
  {
    file: "federation/routing/interest/prefix_pruning.ts",
    line: "this.#entries[prefix] = 1;",
    why: "A prefix that was chosen is not looked at again; where it is the first, nothing is left to choose.",
  },
  {
    file: "federation/routing/interest/prefix_tree.ts",
    line: "for (let branch = 0; branch < branches.count; branch++) {",
    change: '"<" becomes "<="',
    why: "A place more is worked out, and not used.",
  },
  {
    file: "federation/routing/interest/prefix_tree.ts",
    line: "const under = count > 1 || ended > 0 ? this.#addPrefix(this.#order[from], { parent, tokens }) : parent;",
    change: '">" becomes ">="',
    why: "A prefix more covers the same wants as a deeper one; of equally weak ones the deeper goes first.",
  },
  {
    file: "federation/routing/paths/route_table.ts",
    line: "if (from === NONE || to === NONE || arcBetween(this.#adjacency, from, to) === NONE) {",
    change: '"||" becomes "&&"',
    why: "No arc begins or ends where no cluster is: that there is no link is found all the same.",
  },
  {
    file: "federation/routing/records/flood_queue.ts",
    line: "if (this.#tags.length > TAGS_SPARE && this.#tags.length > 4 * this.#inFlight.size) this.#trimTags();",
    change: '">" becomes ">="',
    why: "When the list is cut changes what it costs, not what it says.",
  },
  {
    file: "federation/routing/records/peer_exchange.ts",
    line: "if (paidAt - now > ANSWERS_AT_ONCE * ANSWER_PAUSE_MS) return;",
    change: '">" becomes ">="',
    why: "One answer more or less in a burst.",
  },
  {
    file: "federation/routing/records/persist_queue.ts",
    line: "if (batch.length > 0 && bytes > BATCH_BYTES_MAX) break;",
    change: '">" becomes ">="',
    why: "A batch is a byte smaller than it could be; it has one record at least.",
  },
  {
    file: "federation/routing/interest/remote_interest.ts",
    line: "if (a.want.pattern !== b.want.pattern) return a.want.pattern < b.want.pattern ? -1 : 1;",
    change: '"<" becomes "<="',
    why: "They are different here.",
  },
];

export function findExplanation(
  { file, name }: { readonly file: string; readonly name: string },
  source: string,
): string | undefined {
  const number = Number(name.slice(file.length + 1).split(":")[0]);
  const line = source.split("\n")[number - 1]?.trim();
  return EXPLAINED.find((each) => each.file === file && each.line === line && name.includes(each.change ?? ""))?.why;
}
