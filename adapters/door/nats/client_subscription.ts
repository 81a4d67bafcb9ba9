/** What all subscriptions of a connection have in common. */

import type { LiveMessage } from "./live_broker.ts";
import type { Outbox } from "./outbox.ts";

export interface ClientSubscription {
  readonly sid: string;
  readonly subject: string;
  readonly queue: string | undefined;
  /** Sends a message, unless it has had as many as it asked for. */
  deliver(message: LiveMessage): void;
  /** It ends after that many messages in all; at once when they were sent already. */
  limit(max: number): void;
  /** There is room for messages again. */
  wake(): void;
  close(): void;
}

/** MSG or, with headers for a client that knows them, HMSG. */
export function sendMessage(
  outbox: Outbox,
  { sid, withHeaders }: { readonly sid: string; readonly withHeaders: boolean },
  { subject, reply, headers, payload }: LiveMessage,
): void {
  const start = reply === undefined ? `${subject} ${sid}` : `${subject} ${sid} ${reply}`;
  if (headers === undefined || !withHeaders) {
    outbox.message(`MSG ${start} ${payload.length}\r\n`, undefined, payload);
  } else {
    outbox.message(`HMSG ${start} ${headers.length} ${headers.length + payload.length}\r\n`, headers, payload);
  }
}
