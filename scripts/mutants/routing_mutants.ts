/** Mutants of routing: records, paths, interest, the next hop of a copy, relayed datagrams. */

import type { SeededMutant } from "./mutant.ts";

export const ROUTING_MUTANTS: readonly SeededMutant[] = [
  {
    name: "wrong alternate inequality",
    why: "An alternate whose own path leads back here makes a loop until everybody knows of the cut (RFC 5286).",
    file: "federation/routing/paths/alternates.ts",
    from: "rest >= distances[this.#self] + direct",
    to: "rest > distances[this.#self] + direct",
  },
  {
    name: "no alternates",
    why: "A cut link would stop traffic until the routes are computed anew.",
    file: "federation/routing/paths/class_routes.ts",
    from: "if (hops[destination] === peer) hops[destination] = this.alternate(destination)?.neighbour ?? NONE;",
    to: "if (hops[destination] === peer) hops[destination] = NONE;",
  },
  {
    name: "believe one end of a link",
    why: "A way that only one side has would swallow what is sent over it.",
    file: "federation/routing/paths/agreed_links.ts",
    from: "const there = target === undefined ? undefined : ordered[target].reports.get(name);",
    to: "const there = target === undefined ? undefined : ordered[target].reports.get(name) ?? here;",
  },
  {
    name: "believe one end's tags",
    why: "The two directions of a link would cost differently, and copies go back and forth.",
    file: "federation/routing/paths/agreed_links.ts",
    from: "toCost(here, there), uniteTags(here.tags, there.tags));",
    to: "toCost(here, there), here.tags ?? NO_TAGS);",
  },
  {
    name: "route all lanes alike",
    why: "Events would take links that their lane never should.",
    file: "federation/routing/topology.ts",
    from: "new LaneRoutes(this.table, this.lanes.of(lane))",
    to: "new LaneRoutes(this.table, 0)",
  },
  {
    name: "let control pay for tags",
    why: "Receipts would not get through where a link is forbidden to all events.",
    file: "federation/routing/lane_classes.ts",
    from: 'if (lane === "control") return [];',
    to: 'if (lane === ("" as Lane)) return [];',
  },
  {
    name: "drop split horizon",
    why: "Every record would go back to whoever sent it.",
    file: "federation/routing/records/record_database.ts",
    from: "      if (exchange === from) {\n",
    to: "      if (exchange === (undefined as unknown)) {\n",
  },
  {
    name: "let an older record win",
    why: "Clusters would disagree for ever.",
    file: "federation/routing/records/record_database.ts",
    from: "compareSealed(sealed, current) < 0",
    to: "compareSealed(sealed, current) > 0",
  },
  {
    name: "order records by the whole epoch",
    why: "Only the counter is ordered; the rest of an epoch is dice.",
    file: "federation/routing/records/sealed_record.ts",
    from: "  return counterOf(a.epoch) - counterOf(b.epoch) || a.version - b.version;\n",
    to: "  return a.epoch - b.epoch || a.version - b.version;\n",
  },
  {
    name: "do not acknowledge records",
    why: "Each would be sent again for as long as it lives.",
    file: "federation/routing/records/record_database.ts",
    from: "        exchange.queue.owe(tag);\n",
    to: "",
  },
  {
    name: "forget the durable wants of a cluster that cannot be reached",
    why: "What is published meanwhile would never get there.",
    file: "federation/routing/interest/remote_interest.ts",
    from: "  return targetsOf(teller).filter(({ want }) => !want.durable);\n",
    to: "  return targetsOf(teller);\n",
  },
  {
    name: "send a group's events to every cluster with a member",
    why: "Competing consumers would each get what only one of them may have.",
    file: "federation/routing/interest_exchange.ts",
    from: "      const cluster = pickCluster(clusters,",
    to:
      "      for (const { cluster: each } of clusters) picked.set(each, [...picked.get(each) ?? [], name]);\n      const cluster = pickCluster([],",
  },
  {
    name: "count clusters that are away as having nothing",
    why: "What they have in custody leaves when they are back.",
    file: "federation/recovery.ts",
    from: "known.every((cluster) => reachable.has(cluster)) ? [...reachable] : undefined",
    to: "[...reachable]",
  },
  {
    name: "send an event back to where it has been",
    why: "Two clusters would throw it to each other.",
    file: "federation/next_hop.ts",
    from: "  if (!hops.includes(hop)) return hop;\n",
    to: "  if (hop !== undefined) return hop;\n",
  },
  {
    name: "no limit of hops",
    why: "The fuse that stops a loop nobody thought of.",
    file: "federation/next_hop.ts",
    from: '  if (hops.length >= HOPS_MAX - 1) return { reason: "HOP_LIMIT" };\n',
    to: "",
  },
  {
    name: "relay a message back to its sender",
    why: "Two clusters that take each other for the way would throw it to and fro.",
    file: "federation/relay.ts",
    from: "hop === undefined || hop === peer || message.hops >= HOPS_MAX",
    to: "hop === undefined",
  },
];
