/** Gives dead letters back to the subscriptions that they failed at. */

import type { DeadLetter, DeadLetterQuery, DeadLetters } from "../dead_letters.ts";
import type { Subscriptions } from "../subscriptions/subscriptions.ts";

export interface RedriveResult {
  readonly redriven: number;
  /** Letters whose subscription is gone: they stay. */
  readonly orphaned: number;
}

/**
 * Each letter becomes an open event of its subscription again, with all its attempts before it, and ceases to be a letter,
 * in one durable step: a kill in between neither loses nor doubles it. `onProgress` is called as it goes on.
 */
export async function redrive(
  context: { deadLetters: DeadLetters; subscriptions: Subscriptions },
  query: DeadLetterQuery,
  onProgress?: (redriven: number) => void,
): Promise<RedriveResult> {
  let redriven = 0;
  let orphaned = 0;
  for await (const letter of context.deadLetters.select(query)) {
    if (await redriveOne(context, letter)) redriven++;
    else orphaned++;
    onProgress?.(redriven);
  }
  return { redriven, orphaned };
}

async function redriveOne(
  { deadLetters, subscriptions }: { deadLetters: DeadLetters; subscriptions: Subscriptions },
  letter: DeadLetter,
): Promise<boolean> {
  const consumer = subscriptions.get(letter.subscription);
  if (consumer === undefined) return false;
  await consumer.group.queue.readmit(letter, [deadLetters.toRemoval(letter.id)]);
  return true;
}
