/** The part of a store that federation works on, with callbacks. */

import type { CustodyLog } from "../../federation/mod.ts";
import type { Appended, EventStore, StateEntry } from "../../node/mod.ts";

/** Documents read in one go at the start. */
const PAGE = 500;
/** How long the share of the cap that is used counts as known: asking looks at files. */
const USED_KNOWN_MS = 50;

type Done = (error: unknown, appended: Appended | undefined) => void;

/** Callbacks run in the order that the port promises, also where the store refuses one commit before another is done. */
export function createCustodyLog(store: EventStore): CustodyLog {
  const answers = new AnswersInOrder();
  let used = { permille: 0, at: -Infinity };
  let bytesMax: number | undefined;
  return {
    get incarnation() {
      return store.incarnation;
    },
    get head() {
      return store.head;
    },
    get tail() {
      return store.tail;
    },
    syncsCommits: store.capabilities.durable,
    // A store that is not durable keeps nothing over a restart: it has no tail to lose, and nothing to wait for.
    whenSynced: (done) => done(),
    get bytesMax() {
      return bytesMax ??= store.stats().bytesMax;
    },
    now: () => store.now(),
    usedPermille() {
      const now = store.now();
      if (now - used.at >= USED_KNOWN_MS) used = { permille: Math.round(store.stats().fill * 1000), at: now };
      return used.permille;
    },
    commit(entries, changes, done) {
      const answer = answers.open(done);
      store.commit(entries, changes).then(
        (appended) => answer(undefined, appended),
        (error) => answer(error, undefined),
      );
    },
    read(options, done) {
      store.read(options).then((events) => done(undefined, events), (error) => done(error, []));
    },
    list(prefix, done) {
      listAll(store, prefix).then((entries) => done(undefined, entries), (error) => done(error, []));
    },
    onAppend: (listener) => void store.onAppend(listener),
  };
}

/** Holds an answer back until those to earlier questions were given. */
class AnswersInOrder {
  #first = 0; // number of the question that is answered next
  #next = 0;
  readonly #ready = new Map<number, () => void>();

  /** Asks a question; the answer is to be called once. */
  open(done: Done): Done {
    const number = this.#next++;
    return (error, appended) => {
      this.#ready.set(number, () => done(error, appended));
      for (let run = this.#ready.get(this.#first); run !== undefined; run = this.#ready.get(this.#first)) {
        this.#ready.delete(this.#first++);
        run();
      }
    };
  }
}

async function listAll(store: EventStore, prefix: string): Promise<StateEntry[]> {
  const all: StateEntry[] = [];
  for (;;) {
    const page = await store.listState({ prefix, after: all.at(-1)?.key, limit: PAGE });
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}
