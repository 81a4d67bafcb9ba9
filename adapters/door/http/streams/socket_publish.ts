/** Publishing over a WebSocket. */

import { type CloudEvent, type Receipt, RefusedError } from "../../../../node/mod.ts";
import { requireScope } from "../auth/mod.ts";
import type { SocketClient } from "./socket_client.ts";

/** Events of one client that are on their way to the store; more would only wait in memory. */
const PENDING_MAX = 10_000;

const pending = new WeakMap<SocketClient, number>();

/** Resolves once the event is durable. Rejects with `RefusedError` or `StoreFullError`. */
export async function publish(client: SocketClient, event: CloudEvent): Promise<Receipt> {
  const { context, principal } = client;
  const topic = context.node.topicOf(event);
  requireScope(principal, "publish", topic);
  const before = pending.get(client) ?? 0;
  if (before >= PENDING_MAX) {
    throw new RefusedError(
      "OVERLOADED",
      `Cannot publish: ${PENDING_MAX} events of this WebSocket wait to be stored; wait for receipts before sending more`,
      { limit: PENDING_MAX },
    );
  }
  pending.set(client, before + 1);
  try {
    return await context.node.accept({ topic, event });
  } finally {
    pending.set(client, pending.get(client)! - 1);
  }
}
