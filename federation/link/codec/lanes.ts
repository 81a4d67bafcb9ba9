/** The lanes of a link. Each is a sequence of frames of its own, so that a full one does not stop the others. */

/** In the order of urgency; the place in this list is the number in a frame, so lanes are only ever added at the end. */
export const LANES = ["control", "high", "normal", "bulk"] as const;

export type Lane = typeof LANES[number];

/** Stands in the place of a lane in the subject of frames that are not in custody, and in `received` of HELLO. */
export const BEST_EFFORT = "best-effort";

/** The number of a lane in a frame. */
export function laneIndex(lane: Lane): number {
  return LANES.indexOf(lane);
}
