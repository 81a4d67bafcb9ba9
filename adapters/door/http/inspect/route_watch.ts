/** `GET /routes?watch`: the routing table, and then each change of it, as Server-Sent Events. */

import type { RouteSelection } from "../../../../federation/mod.ts";
import type { DoorContext } from "../door_context.ts";
import { nextTurn, provenance } from "../request/mod.ts";
import { KEEP_ALIVE, type LiveClient, type LiveClients, SseWriter, toControlMessage } from "../streams/mod.ts";
import { type RouteChange, routeChanges } from "./route_changes.ts";
import { entriesOf, readRouteTable, type RouteEntry, type RouteTable, versionOf } from "./route_table.ts";

/**
 * First `event: routes` with the table, then `event: change` with `version`, `added` and `removed`. What is large comes in
 * several of these, all but the last with `more: true`.
 */
export function watchRoutes(context: DoorContext, clients: LiveClients, query: RouteSelection): Response {
  return new RouteWatcher(context, clients, query).toResponse();
}

/** Routes of a message. */
const MESSAGE_ROUTES_MAX = 1000;

/** A client that reads too slowly misses no change: it is told the difference to what it was told last. */
class RouteWatcher implements LiveClient {
  readonly #context: DoorContext;
  readonly #clients: LiveClients;
  readonly #query: RouteSelection;
  readonly #writer: SseWriter;
  readonly #stopWatching: () => void;
  #told: RouteTable | undefined;
  #woken = false;
  #telling = false;
  #ended = false;
  #onRoom = (): void => {};

  constructor(context: DoorContext, clients: LiveClients, query: RouteSelection) {
    this.#context = context;
    this.#clients = clients;
    this.#query = query;
    this.#writer = new SseWriter({ onRoom: () => this.#roomAgain(), onGone: () => this.#leave() });
    const stopWatching = [
      context.node.dispatcher.interest.watch(() => this.#wake()),
      context.federation?.watch(() => this.#wake()),
    ];
    this.#stopWatching = () => stopWatching.forEach((stop) => stop?.());
    clients.add(this);
    this.flush();
    if (context.draining.aborted) this.end();
  }

  toResponse(): Response {
    return this.#writer.toResponse();
  }

  flush(): void {
    this.#woken = false;
    if (this.#telling || this.#ended || !this.#writer.hasRoom) return;
    this.#telling = true;
    this.#tell().then(() => {
      this.#telling = false;
      this.#wake();
    }, (error) => {
      // The link that was to be thought away has gone, for one: whoever asks again is told.
      if (!(error instanceof RangeError)) this.#context.problems.onFailure(error);
      this.end();
    });
  }

  keepAlive(): void {
    if (this.#writer.hasRoom) this.#writer.write(KEEP_ALIVE);
  }

  end(): void {
    this.#writer.close();
    this.#leave();
  }

  /** Reads the table anew, in steps, and writes what the client does not know, as it reads. */
  async #tell(): Promise<void> {
    const table = await readRouteTable(this.#context, this.#query);
    const told = this.#told;
    this.#told = table;
    if (told === undefined) await this.#write("routes", table.version, inMessages(entriesOf(table)));
    else await this.#write("change", table.version, inMessagesOfChanges(routeChanges(told, table)));
  }

  async #write(event: "routes" | "change", version: number, messages: Iterable<Message | undefined>): Promise<void> {
    for (const message of messages) {
      if (message !== undefined) {
        if (!this.#writer.hasRoom) await new Promise<void>((resolve) => this.#onRoom = resolve);
        this.#writer.write(toControlMessage(event, { version, ...message, ...provenance(this.#context) }));
      }
      await nextTurn();
      if (this.#ended) return;
    }
  }

  #roomAgain(): void {
    this.#onRoom();
    this.#wake();
  }

  #wake(): void {
    if (this.#woken || this.#ended || versionOf(this.#context) === this.#told?.version) return;
    this.#woken = true;
    this.#clients.wake(this);
  }

  #leave(): void {
    this.#ended = true;
    this.#onRoom();
    this.#stopWatching();
    this.#clients.remove(this);
  }
}

type Message =
  | { readonly routes: readonly RouteEntry[]; readonly more: boolean }
  | { readonly added: readonly RouteEntry[]; readonly removed: readonly RouteEntry[]; readonly more: boolean };

/** At least one message: a client is told that there is nothing, too. */
function* inMessages(entries: Iterable<RouteEntry>): Generator<Message> {
  let routes: RouteEntry[] = [];
  for (const entry of entries) {
    if (routes.length === MESSAGE_ROUTES_MAX) {
      yield { routes, more: true };
      routes = [];
    }
    routes.push(entry);
  }
  yield { routes, more: false };
}

/** No message where nothing has changed; `undefined`: a part of the work is done. */
function* inMessagesOfChanges(changes: Iterable<RouteChange | undefined>): Generator<Message | undefined> {
  let [added, removed]: [RouteEntry[], RouteEntry[]] = [[], []];
  for (const change of changes) {
    if (change === undefined) {
      yield undefined;
      continue;
    }
    if (added.length + removed.length === MESSAGE_ROUTES_MAX) {
      yield { added, removed, more: true };
      [added, removed] = [[], []];
    }
    (change.type === "added" ? added : removed).push(change.route);
  }
  if (added.length + removed.length > 0) yield { added, removed, more: false };
}
