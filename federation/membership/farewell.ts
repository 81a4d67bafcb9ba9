/**
 * Leaving as planned, so that nobody has to find out. What crosses this cluster finds other ways first, while its links still
 * carry what is under way; then no more frames are taken, what has arrived is told to its origins, and last of all the mesh and
 * the neighbours hear that it is gone. Each step is bounded: a node that is stopped goes, whatever others do.
 */

import type { Federation } from "../federation.ts";
import type { Neighbour } from "../link/neighbour.ts";

const LOOK_MS = 10;
/** What is told leaves within 10 ms, and routes are computed 10 ms later; the rest is for a busy machine. */
const NOTICE_MS = 50;
/** What is queued is handed on for so long at most: as much as a restart costs anyway. */
const HAND_ON_MS_MAX = 1000;
/** What has arrived is stored, acknowledged and told to its origin for so long at most; receipts take 100 ms to gather. */
const SETTLE_MS_MAX = 500;
/** The record that says that this cluster has left goes before the farewell. */
const LAST_RECORD_MS = 25;

type Leaving = Pick<
  Federation,
  "world" | "dialling" | "links" | "topology" | "custody" | "departures" | "intake" | "accounts" | "log"
>;

/** To be called before `Federation.stop()`. Calls `done` once, when everybody has been told; at once if there is nobody. */
export function sayFarewell(federation: Leaving, done: () => void): void {
  const { world, links, topology, dialling } = federation;
  dialling.stop();
  if (linked(federation).length === 0) return done();
  topology.leave("draining");
  const rttMs = Math.max(...linked(federation).map(({ active }) => active?.rttMs ?? 0));
  const noticeMs = NOTICE_MS + Math.ceil(2 * rttMs);
  when({ world, msMin: noticeMs, msMax: noticeMs + HAND_ON_MS_MAX }, () => !hasToHandOn(federation), () => {
    links.beginLeaving();
    when({ world, msMin: 0, msMax: SETTLE_MS_MAX }, () => isSettled(federation), () => {
      topology.leave("left");
      world.after(LAST_RECORD_MS, () => {
        links.sayFarewell("it was stopped as planned");
        done();
      });
    });
  });
}

/** Goes on once something holds, looking every few ms, between a shortest and a longest wait. */
function when(
  { world, msMin, msMax }: Pick<Federation, "world"> & { msMin: number; msMax: number },
  holds: () => boolean,
  then: () => void,
): void {
  const startedAt = world.now();
  const look = (): void => {
    const waitedMs = world.now() - startedAt;
    if (waitedMs >= msMax || (waitedMs >= msMin && holds())) then();
    else world.after(LOOK_MS, look);
  };
  look();
}

function linked({ links }: Leaving): readonly Neighbour[] {
  return [...links.neighbours.values()].filter(({ up }) => up);
}

/** Something waits for a neighbour that is there, or was sent to it, or was published here and has no destinations yet. */
function hasToHandOn(federation: Leaving): boolean {
  const { custody, departures, log } = federation;
  if (!departures.held && departures.dispatched < log.head) return true;
  return linked(federation).some(({ peer, senders }) =>
    [...senders].some(([lane, { state }]) => state.unacked > 0 || custody.queueOf(peer, lane).first !== undefined)
  );
}

function isSettled({ intake, accounts }: Leaving): boolean {
  return intake.waitingBytes === 0 && !accounts.receipts.untold;
}
