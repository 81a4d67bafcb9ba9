/**
 * Events that are picked for anew are numbered apart: in the chain of a destination every number between two of its events
 * is over, so that one which comes to it later than its place could not be told from one that it has had. The bit above all
 * counters stands for "picked anew" (an epoch's counter stays below 2²⁰ boots); each number there covers itself alone.
 */

const PICKED_ANEW = 2 ** 52;

/** The chain of what is picked for anew in an epoch. */
export function pickedAnew(epoch: number): number {
  return isPickedAnew(epoch) ? epoch : epoch + PICKED_ANEW;
}

export function isPickedAnew(epoch: number): boolean {
  return epoch >= PICKED_ANEW;
}

/** The epoch in which the events were accepted: their identity, whichever chain they travel in. */
export function acceptedEpoch(epoch: number): number {
  return isPickedAnew(epoch) ? epoch - PICKED_ANEW : epoch;
}
