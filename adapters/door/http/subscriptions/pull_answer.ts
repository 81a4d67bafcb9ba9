/** What a pull answers, as text. */

import { encodeStructured, type WeftNode } from "../../../../node/mod.ts";

export type PulledEvent = Awaited<ReturnType<WeftNode["subscriptions"]["pull"]>>[number];

/** `{"events":[{"ackId","attempt","event":{…}}]}`. An ackId needs no escapes, and events are put in as they are. */
export function toPullAnswer(events: readonly PulledEvent[]): string {
  let text = '{"events":[';
  for (let i = 0; i < events.length; i++) {
    const { ackId, delivery } = events[i];
    text += `${i === 0 ? "" : ","}{"ackId":"${ackId}","attempt":${delivery.attempt},"event":${
      encodeStructured(delivery.stored.event)
    }}`;
  }
  return `${text}]}`;
}
