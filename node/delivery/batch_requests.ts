/** Which events of a batch go into one request. */

import type { Delivery } from "./delivery.ts";

/** A request that failed is tried again in parts of this many: a poison event is alone soon, an outage costs few requests more. */
const PARTS = 4;

/**
 * At most `maxSize` events a request at the first attempt, a quarter of that at each further one, and one alone at its last:
 * so no event dies for another one's sake. The order is kept.
 */
export function toBatchRequests(
  deliveries: readonly Delivery[],
  { maxSize, attemptsMax }: { maxSize: number; attemptsMax: number },
): Delivery[][] {
  const requests: Delivery[][] = [];
  let sizeMax = 0;
  for (const delivery of deliveries) {
    const { attempt } = delivery;
    const own = attempt > 1 && attempt >= attemptsMax ? 1 : Math.max(1, Math.floor(maxSize / PARTS ** (attempt - 1)));
    const last = requests.at(-1);
    if (last !== undefined && last.length < Math.min(sizeMax, own)) {
      last.push(delivery);
      sizeMax = Math.min(sizeMax, own);
    } else {
      requests.push([delivery]);
      sizeMax = own;
    }
  }
  return requests;
}
