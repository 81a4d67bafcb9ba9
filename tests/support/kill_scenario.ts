/**
 * A node that is killed again and again while publishers, a sink that takes everything, one that refuses some, and
 * consumers are at work. Writes down what each of them saw; judging it is the checker's part.
 */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import type { Runtime } from "../../scripts/check/mod.ts";
import type { Expectations } from "./checker.ts";
import { eventually } from "./eventually.ts";
import { History } from "./history.ts";
import { NodeProcess } from "./node_process.ts";
import { seededRandom } from "./seeded_random.ts";

export interface KillScenarioOptions {
  readonly seed: number;
  readonly rounds: number;
  /** Each has one request under way at any time. */
  readonly publishers: number;
  /** Events accepted before a kill, counted from the one before. */
  readonly eventsPerRound: number;
  /** Longest random time that is then waited, ms. */
  readonly delayMsMax: number;
  readonly runtime?: Runtime;
  readonly onRound?: (round: number, accepted: number) => void;
}

export interface KillScenarioResult {
  readonly history: History;
  readonly accepted: number;
  /** Publishers whose request was under way at each kill. */
  readonly inFlight: readonly number[];
}

/** What the checker has to expect of this scenario. */
export const killExpectations: Expectations = {
  sinks: [{ sink: "taking", wants: () => true }, { sink: "choosing", wants: () => true }],
  refusing: [{ sink: "choosing", wants: isRefused }],
  pulls: true,
};

/** A loaded machine delivers some thousand events a second. */
const DRAIN_TIMEOUT_MS = 120_000;
const CONSUMERS = 3;

export async function runKillScenario(options: KillScenarioOptions): Promise<KillScenarioResult> {
  const random = seededRandom(options.seed);
  const history = new History();
  await using sink = await startSink(history);
  await using node = await NodeProcess.start({ runtime: options.runtime });
  await subscribe(node, sink.url);
  const actors = new Actors(node, history, options.publishers);
  const inFlight: number[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    await actors.until(() => actors.accepted >= round * options.eventsPerRound);
    await pause(random.integer(0, options.delayMsMax));
    inFlight.push(actors.inFlight);
    history.add({ type: "killed", inFlight: actors.inFlight });
    actors.down();
    await node.kill();
    await node.restart();
    actors.up();
    options.onRound?.(round, actors.accepted);
  }
  await actors.finishPublishing();
  await drained(node, actors);
  await actors.finish();
  await noteEnd(node, history);
  return { history, accepted: actors.accepted, inFlight };
}

/** Publishers and consumers that wait while the node is down, and repeat what was not answered. */
class Actors {
  readonly #node: NodeProcess;
  readonly #history: History;
  readonly #publishing: Promise<unknown>;
  readonly #consuming: Promise<unknown>;
  #isUp: Promise<void> = Promise.resolve();
  #open: () => void = () => undefined;
  #publishes = true;
  #consumes = true;
  #failure: unknown;
  #requests = 0;
  accepted = 0;
  inFlight = 0;

  constructor(node: NodeProcess, history: History, publishers: number) {
    this.#node = node;
    this.#history = history;
    const run = (count: number, act: (index: number) => Promise<void>) =>
      Promise.all(Array.from({ length: count }, (_, index) => act(index).catch((error) => this.#failure ??= error)));
    this.#publishing = run(publishers, (index) => this.#publish(index));
    this.#consuming = run(CONSUMERS, () => this.#consume());
  }

  down(): void {
    this.#isUp = new Promise((resolve) => this.#open = resolve);
  }

  up(): void {
    this.#open();
  }

  async until(reached: () => boolean): Promise<void> {
    await eventually(() => this.check() && reached(), { timeoutMs: DRAIN_TIMEOUT_MS });
  }

  /** Ends the test when an actor met with what the node must never answer. */
  check(): boolean {
    if (this.#failure !== undefined) throw this.#failure;
    return true;
  }

  async finishPublishing(): Promise<void> {
    this.#publishes = false;
    await this.#publishing;
    this.check();
  }

  async finish(): Promise<void> {
    this.#consumes = false;
    await this.#consuming;
    this.check();
  }

  async #publish(publisher: number): Promise<void> {
    for (let n = 1; this.#publishes; n++) {
      // Spread over the publishers: what is refused by many in a row counts as a sink that is down.
      const id = `${publisher}.${n}${(7 * publisher + n) % 40 === 0 ? ".refused" : ""}`;
      this.#history.add({ type: "sent", id });
      await this.#publishUntilAccepted(id);
    }
  }

  async #publishUntilAccepted(id: string): Promise<void> {
    for (;;) {
      this.inFlight++;
      const answer = await this.#node.publish({ id }).catch(() => undefined).finally(() => this.inFlight--);
      if (answer?.status === 202) {
        const { position, duplicate = false } = answer.body;
        this.#history.add({ type: "accepted", id, position, duplicate });
        this.accepted++;
        return;
      }
      await this.#again(answer?.status, answer?.text);
    }
  }

  async #consume(): Promise<void> {
    while (this.#consumes) {
      const request = ++this.#requests;
      this.#history.add({ type: "pulling", request });
      const pulled = await this.#ask("pull", { max: 200, waitMs: 100 });
      if (pulled === undefined) continue;
      const events: { ackId: string; event: { id: string } }[] = pulled.events;
      const ids = events.map(({ event }) => event.id);
      this.#history.add({ type: "pulled", request, ids });
      if (ids.length === 0) continue;
      const settled = await this.#ask("ack", { ack: events.map(({ ackId }) => ackId) });
      if (settled !== undefined) this.#history.add({ type: "acknowledged", ids });
    }
  }

  // deno-lint-ignore no-explicit-any -- the answers of two requests
  async #ask(verb: "pull" | "ack", body: unknown): Promise<any> {
    const answer = await this.#node.call("POST", `/v1/subscriptions/pulled/${verb}`, body).catch(() => undefined);
    if (answer?.status === 200) return answer.body;
    await this.#again(answer?.status, answer?.text);
  }

  /** After no answer, or one that asks to come again. Throws for any other. */
  async #again(status: number | undefined, text: string | undefined): Promise<void> {
    if (status !== undefined && status !== 503 && status !== 429) {
      throw new Error(`Cannot go on: the node answered ${status}: ${text}`);
    }
    await pause(5);
    await this.#isUp;
  }
}

async function subscribe(node: NodeProcess, sink: string): Promise<void> {
  const retry = { minMs: 20, maxMs: 200 };
  const subscriptions = {
    taking: { sink: `${sink}/taking`, config: { since: "earliest", retry: { ...retry, attemptsMax: 1000 } } },
    choosing: { sink: `${sink}/choosing`, config: { since: "earliest", retry: { ...retry, attemptsMax: 3 } } },
    pulled: { config: { since: "earliest", ackTimeoutMs: 2000, retry: { attemptsMax: 1000 } } },
  };
  for (const [id, subscription] of Object.entries(subscriptions)) {
    const answer = await node.call("PUT", `/v1/subscriptions/${id}`, {
      ...subscription,
      protocol: "sink" in subscription ? "HTTP" : "PULL",
    });
    if (answer.status !== 201) throw new Error(`Cannot subscribe "${id}": ${answer.text}`);
  }
}

/** Waits until every subscription has come to the end of the log. */
async function drained(node: NodeProcess, actors: Actors): Promise<void> {
  await eventually(async () => {
    actors.check();
    for (const id of ["taking", "choosing", "pulled"]) {
      const { body } = await node.call("GET", `/v1/subscriptions/${id}`);
      const { lag, inFlight } = body.status;
      if (lag > 0 || inFlight > 0) {
        throw new Error(
          `Cannot wait for "${id}" to drain: ${JSON.stringify(body.status)}; ${node.stderr.slice(-2000)}`,
        );
      }
    }
  }, { timeoutMs: DRAIN_TIMEOUT_MS, intervalMs: 100 });
}

async function noteEnd(node: NodeProcess, history: History): Promise<void> {
  for await (const { subscription, event } of list(node, "/v1/dead-letters?limit=1000", "deadLetters")) {
    history.add({ type: "deadLettered", sink: subscription, id: event.id });
  }
  for await (const { position, event } of list(node, "/v1/events?limit=1000", "events")) {
    history.add({ type: "logged", position, id: event.id });
  }
  for await (const { position } of list(node, "/v1/events?limit=1000&topic=weft-system.>", "events")) {
    history.add({ type: "announced", position });
  }
}

// deno-lint-ignore no-explicit-any -- entries of every list
async function* list(node: NodeProcess, path: string, key: string): AsyncGenerator<any> {
  for (let after = "";;) {
    const { body } = await node.call("GET", path + after);
    yield* body[key];
    if (body.next === null) return;
    after = `&after=${encodeURIComponent(body.next)}`;
  }
}

function isRefused(id: string): boolean {
  return id.endsWith(".refused");
}

interface RecordingSink extends AsyncDisposable {
  readonly url: string;
}

/** `/taking` takes everything, `/choosing` refuses some; each event that comes is written down. */
async function startSink(history: History): Promise<RecordingSink> {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      const sink = request.url!.slice(1);
      const id = String(request.headers["ce-id"]);
      history.add({ type: "delivered", sink, id });
      response.writeHead(sink === "choosing" && isRefused(id) ? 500 : 204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
