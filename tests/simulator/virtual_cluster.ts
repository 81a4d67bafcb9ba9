/** The node around the federation under test: what its subscribers want, and its publish window, kept by its own log. */

import type { Arrival, CustodyLog, LocalCluster, Verdict, Want } from "../../federation/mod.ts";
import type { StoredEvent } from "../../node/mod.ts";
import { isSystemTopic } from "../../node/system_topics.ts";
import type { DiskContent } from "./disk_content.ts";
import { WINDOW_EVENTS } from "./history.ts";
import { eventOf } from "./known_events.ts";
import type { SimRandom } from "./sim_random.ts";
import type { Boot } from "./virtual_host.ts";

const JUDGE_US_MAX = 2000;

export class VirtualCluster implements LocalCluster {
  readonly node: string;
  readonly cluster: string;
  readonly #boot: Boot;
  readonly #random: SimRandom;
  readonly #listeners: (() => void)[] = [];
  #wants: readonly Want[];
  /** (source, id) of what is in the window, with what it came as. */
  readonly #window = new Map<string, string>();

  constructor(
    { cluster, boot, random, log, content }: {
      cluster: string;
      boot: Boot;
      random: SimRandom;
      log: CustodyLog;
      content: DiskContent;
    },
    wants: readonly Want[],
  ) {
    this.cluster = cluster;
    this.node = `${cluster}-1`;
    this.#boot = boot;
    this.#random = random;
    this.#wants = wants;
    for (const event of content.events.slice(-WINDOW_EVENTS)) this.#remember(event);
    log.onAppend((events) => events.forEach((event) => this.#remember(event)));
  }

  wants(): readonly Want[] {
    return this.#wants;
  }

  hasMember(group: string): boolean {
    return this.#wants.some((want) => want.group === group);
  }

  setWants(wants: readonly Want[]): void {
    this.#wants = wants;
    for (const listener of this.#listeners) listener();
  }

  watchWants(listener: () => void): void {
    this.#listeners.push(listener);
  }

  judge(arrivals: readonly Arrival[], done: (verdicts: readonly Verdict[]) => void): void {
    const batch = new Map<string, string>();
    const verdicts = arrivals.map((arrival) => this.#judge(arrival, batch));
    // Most answers are known at once; now and then the store has to be asked.
    if (!this.#random.chance(50)) return done(verdicts);
    this.#boot.host.after(this.#boot, this.#random.below(JUDGE_US_MAX), () => done(verdicts));
  }

  travels(event: StoredEvent): boolean {
    return !isSystemTopic(event.topic);
  }

  /** `batch`: what was judged before it and is not in the log yet. */
  #judge({ record, origin, epoch, sequence }: Arrival, batch: Map<string, string>): Verdict {
    const { source, id } = eventOf(record).attributes;
    const identity = `${source} ${id}`;
    const key = `${origin}/${epoch}/${sequence}`;
    const known = this.#window.get(identity) ?? batch.get(identity);
    if (known !== undefined && known !== key) return "repeat";
    batch.set(identity, key);
    return "new";
  }

  #remember({ event, origin, epoch, sequence, audience }: StoredEvent): void {
    if (audience !== "everybody" && !audience.ungrouped && audience.groups.length === 0) return; // in transit
    const { source, id } = event.attributes;
    const identity = `${source} ${id}`;
    if (this.#window.has(identity)) return;
    this.#window.set(identity, `${origin}/${epoch}/${sequence}`);
    if (this.#window.size > WINDOW_EVENTS) this.#window.delete(this.#window.keys().next().value!);
  }
}
