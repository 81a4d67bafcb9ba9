/** Sub-protocol `cloudevents.json`: the CloudEvents WebSockets binding. Structured events, one a message, both ways. */

import { decodeStructured, encodeStructured, type StoredEvent } from "../../../../node/mod.ts";
import { describeProblem, type Problem } from "../problems.ts";
import { CLOSE, type SocketClient, type SocketProtocol } from "./socket_client.ts";
import { publish } from "./socket_publish.ts";

export function cloudEventsJson(memo: (encode: (stored: StoredEvent) => string) => SocketProtocol["toMessage"]) {
  return {
    name: "cloudevents.json",
    toMessage: memo((stored) => encodeStructured(stored.event)),
    greet: () => undefined, // the protocol has nothing but events
    receive(client, message) {
      receive(client, message).catch((error) => closeWith(client, describeProblem(error, client.context.problems)));
    },
  } satisfies SocketProtocol;
}

async function receive(client: SocketClient, message: string | Uint8Array): Promise<void> {
  await publish(client, decodeStructured(message));
}

/** There is no message that could carry a problem, so its code is the reason of the close. */
function closeWith(client: SocketClient, { code, status }: Problem): void {
  client.close(toCloseCode(status), code);
}

function toCloseCode(status: number): number {
  if (status === 401 || status === 403) return CLOSE.policy;
  if (status === 429 || status >= 500) return CLOSE.tryAgainLater;
  return CLOSE.invalidMessage;
}
