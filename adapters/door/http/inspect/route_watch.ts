/** `GET /routes?watch`: the routing table, and then each change of it, as Server-Sent Events. */

import type { RouteSelection } from "../../../../federation/mod.ts";
import type { DoorContext } from "../door_context.ts";
import { provenance } from "../request/mod.ts";
import { KEEP_ALIVE, type LiveClient, type LiveClients, SseWriter, toControlMessage } from "../streams/mod.ts";
import { readRouteTable, type RouteEntry, routeKey, type RouteTable, versionOf } from "./route_table.ts";

/** First `event: routes` with the whole table, then `event: change` with `version`, `added` and `removed`. */
export function watchRoutes(context: DoorContext, clients: LiveClients, query: RouteSelection): Response {
  return new RouteWatcher(context, clients, query).toResponse();
}

/** A client that reads too slowly misses no change: it is told the difference to what it was told last. */
class RouteWatcher implements LiveClient {
  readonly #context: DoorContext;
  readonly #clients: LiveClients;
  readonly #query: RouteSelection;
  readonly #writer: SseWriter;
  readonly #stopWatching: () => void;
  #told: RouteTable;
  #woken = false;

  constructor(context: DoorContext, clients: LiveClients, query: RouteSelection) {
    this.#context = context;
    this.#clients = clients;
    this.#query = query;
    this.#writer = new SseWriter({ onRoom: () => this.#wake(), onGone: () => this.#leave() });
    this.#told = readRouteTable(context, query);
    this.#writer.write(toControlMessage("routes", { ...this.#told, ...provenance(context) }));
    const stopWatching = [
      context.node.dispatcher.interest.watch(() => this.#wake()),
      context.federation?.watch(() => this.#wake()),
    ];
    this.#stopWatching = () => stopWatching.forEach((stop) => stop?.());
    clients.add(this);
    if (context.draining.aborted) this.end();
  }

  toResponse(): Response {
    return this.#writer.toResponse();
  }

  flush(): void {
    this.#woken = false;
    if (!this.#writer.hasRoom) return;
    const table = readRouteTable(this.#context, this.#query);
    const change = toChange(this.#told, table);
    this.#told = table;
    if (change.added.length + change.removed.length === 0) return;
    this.#writer.write(toControlMessage("change", { ...change, ...provenance(this.#context) }));
  }

  keepAlive(): void {
    if (this.#writer.hasRoom) this.#writer.write(KEEP_ALIVE);
  }

  end(): void {
    this.#writer.close();
    this.#leave();
  }

  #wake(): void {
    if (this.#woken || versionOf(this.#context) === this.#told.version) return;
    this.#woken = true;
    this.#clients.wake(this);
  }

  #leave(): void {
    this.#stopWatching();
    this.#clients.remove(this);
  }
}

function toChange(before: RouteTable, after: RouteTable) {
  const { version } = after;
  return { version, added: difference(after.routes, before.routes), removed: difference(before.routes, after.routes) };
}

/** Routes that others have not, or have by another way. */
function difference(routes: readonly RouteEntry[], others: readonly RouteEntry[]): RouteEntry[] {
  const known = new Set(others.map(wayKey));
  return routes.filter((route) => !known.has(wayKey(route)));
}

function wayKey(route: RouteEntry): string {
  const { state, path, cost, alternate } = route;
  return `${routeKey(route)} ${state} ${path.join(">")} ${cost} ${alternate}`;
}
