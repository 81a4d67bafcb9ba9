/**
 * A mesh under load to which something is done again and again. Writes down what its publishers and subscribers saw;
 * judging it is the checker's part.
 */

import { join } from "node:path";

import { eventually } from "../eventually.ts";
import { seededRandom } from "../seeded_random.ts";
import type { MeshFault } from "./mesh_faults.ts";
import { MeshHistory } from "./mesh_history.ts";
import { MeshLoad, type MeshLoadOptions } from "./mesh_load.ts";
import { MeshProcess, type MeshProcessOptions } from "./mesh_process.ts";
import type { MeshTopology } from "./mesh_topology.ts";
import { openReleases, type Releases } from "./releases.ts";

export interface MeshCase {
  readonly topology: MeshTopology;
  readonly fault: MeshFault;
  readonly seed: number;
  /** How often the fault strikes. */
  readonly rounds: number;
  /** Accepted in all; the rounds are spread over them. */
  readonly events: number;
  /** At each cluster. */
  readonly publishers: number;
  readonly batchEvents: number;
  /** Where the history is written. */
  readonly historyPath: string;
  readonly mesh?: MeshProcessOptions;
  readonly onStep?: (step: string) => void;
  /** What each node wrote to standard error, when the case could not be finished. */
  readonly onFailure?: (cluster: string, stderr: string) => void;
}

export interface MeshCaseResult {
  /** Notices of the nodes that name something that must not happen, and what their ledgers do not explain. */
  readonly alarms: readonly string[];
  /** From the end of the last fault until everything had arrived, ms. */
  readonly drainMs: number;
}

/** When a fault strikes, so many wanted events are on their way at least. */
export const IN_FLIGHT_MIN = 100;
/** Of what is published in all, this share may be on its way before publishers wait. */
const IN_FLIGHT_SHARE = 0.5;
const STEP_TIMEOUT_MS = 180_000;
const PAGE_EVENTS = 1000;
/** The last receipts come within a second of a link's return; what nobody has any more is found within seconds. */
const LEDGER_TIMEOUT_MS = 60_000;
const LEDGER_EVERY_MS = 250;
/** An event that circled would end up there. */
const ALARMS = /HOP_LIMIT|INVARIANT|"level":"ERROR"/;

export async function runMeshCase(options: MeshCase): Promise<MeshCaseResult> {
  const { topology, fault, seed, rounds, events, onStep = () => undefined } = options;
  const random = seededRandom(seed);
  const history = new MeshHistory(options.historyPath);
  using disks = fault.disks?.(topology.clusters);
  using releases = fault.mixesReleases ? openReleases() : undefined;
  await using mesh = await MeshProcess.start(topology, {
    ...options.mesh,
    node: (cluster, urlOf) => ({
      ...options.mesh?.node?.(cluster, urlOf),
      ...disks && { dataDir: join(disks.of(cluster).path, "data") },
      ...releases && { program: programOf(releases, topology.clusters.indexOf(cluster)) },
    }),
  });
  const load = new MeshLoad(mesh, history, {
    publishers: options.publishers,
    batchEvents: options.batchEvents,
    inFlightMax: Math.max(IN_FLIGHT_SHARE * events * topology.clusters.length / 2, 20 * IN_FLIGHT_MIN),
    inOrder: whoKeepsOrder(topology, fault),
    twice: fault.publishesTwice === true,
  });
  try {
    onStep(`${topology.clusters.length} nodes are linked`);
    await load.start();
    for (let round = 1; round <= rounds; round++) {
      load.allow(events * (round + 1) / (rounds + 1));
      await load.until(() => load.accepted >= events * round / (rounds + 1), STEP_TIMEOUT_MS);
      await load.until(() => load.inFlight >= IN_FLIGHT_MIN, STEP_TIMEOUT_MS);
      const struck = await fault.strike({ mesh, load, history, random, disks, releases });
      const { target, holdMs } = struck;
      history.add({ type: "struck", fault: fault.name, target, inFlight: load.inFlight });
      onStep(`${fault.name} ${round} of ${rounds}: ${target}, ${load.accepted} accepted, ${load.inFlight} in flight`);
      await pause(holdMs);
      await struck.heal();
      history.add({ type: "healed", fault: fault.name, target });
      const healedAt = performance.now();
      await mesh.connected();
      onStep(`all linked again ${Math.round(performance.now() - healedAt)} ms later`);
    }
    const healedAt = performance.now();
    await load.drain();
    const drainMs = performance.now() - healedAt;
    onStep(`${load.accepted} events have arrived everywhere`);
    await quiet(mesh);
    await load.stop();
    load.check();
    const rows = await unsettled(mesh);
    await noteLogs(mesh, history);
    return { alarms: [...alarmsOf(mesh, fault), ...rows], drainMs };
  } catch (error) {
    for (const cluster of mesh.clusters) options.onFailure?.(cluster, mesh.node(cluster).stderr);
    throw error;
  } finally {
    await load.stop();
    history.flush();
  }
}

/** What is published at two places has no one order, and what a disk that went back had is sent again by others. */
function whoKeepsOrder({ hasDetours }: MeshTopology, fault: MeshFault): MeshLoadOptions["inOrder"] {
  if (fault.publishesTwice || (hasDetours && fault.goesBack)) return "nobody";
  return hasDetours && fault.reroutes ? "ordered" : "everybody";
}

/** Waits until no link has anything left to send, and nothing is parked: an event that circled would keep one busy. */
async function quiet(mesh: MeshProcess): Promise<void> {
  await eventually(async () => {
    for (const cluster of mesh.clusters) {
      const { body } = await mesh.node(cluster).call("GET", "/v1/links");
      for (const { peer, lanes } of body.links) {
        for (const { lane, queued, unacked } of lanes) {
          if (queued > 0 || unacked > 0) {
            throw new Error(
              `Cannot go on: "${cluster}" has ${queued} queued and ${unacked} sent for "${peer}" (${lane})`,
            );
          }
        }
      }
    }
  }, { timeoutMs: STEP_TIMEOUT_MS, intervalMs: 100 });
}

/** Rows of the ledgers that do not come to say that each event has ended, where it should and counted once. */
async function unsettled(mesh: MeshProcess): Promise<string[]> {
  const deadline = performance.now() + LEDGER_TIMEOUT_MS;
  for (;;) {
    const rows: string[] = [];
    for (const cluster of mesh.clusters) {
      const { body } = await mesh.node(cluster).call("GET", "/v1/ledger?recount&limit=1000");
      for (const entry of body.entries) {
        const { accepted, delivered, rejected, balanced } = entry;
        if (!balanced || accepted !== delivered + rejected) rows.push(`ledger of ${cluster}: ${JSON.stringify(entry)}`);
      }
    }
    if (rows.length === 0 || performance.now() >= deadline) return rows;
    await pause(LEDGER_EVERY_MS);
  }
}

async function noteLogs(mesh: MeshProcess, history: MeshHistory): Promise<void> {
  for (const cluster of mesh.clusters) {
    for (let after = "";;) {
      const { body } = await mesh.node(cluster).call("GET", `/v1/events?topic=load.>&limit=${PAGE_EVENTS}${after}`);
      const events = body.events.map(({ event }: { event: { id: string } }) => event.id);
      history.add({ type: "logged", cluster, events });
      if (body.next === null) break;
      after = `&after=${encodeURIComponent(body.next)}`;
    }
  }
}

function alarmsOf(mesh: MeshProcess, { expects = /^$/ }: MeshFault): string[] {
  return mesh.clusters.flatMap((cluster) =>
    mesh.node(cluster).stderr.split("\n").filter((line) => ALARMS.test(line) && !expects.test(line)).map((line) =>
      `${cluster}: ${line}`
    )
  );
}

function programOf({ previous, current, next }: Releases, index: number): string {
  return [previous, next, current][index % 3];
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
