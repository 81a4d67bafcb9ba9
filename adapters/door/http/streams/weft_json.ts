/** Sub-protocol `weft.json`: events with cursors, receipts, errors; publish and acknowledge. */

import {
  decodeStructured,
  encodeStructured,
  type StoredEvent,
  type StreamGap,
  type WeftNode,
} from "../../../../node/mod.ts";
import { describeProblem } from "../problems.ts";
import { toReadyMessage } from "./ready_message.ts";
import type { SocketClient, SocketProtocol } from "./socket_client.ts";
import { publish } from "./socket_publish.ts";
import { invalidMessage, type RawMessage, readMembers } from "./weft_json_message.ts";

export function weftJson(
  node: WeftNode,
  memo: (encode: (stored: StoredEvent) => string) => SocketProtocol["toMessage"],
): SocketProtocol {
  return {
    name: "weft.json",
    toMessage: memo(({ event, position }) =>
      `{"kind":"event","cursor":"${node.cursorOf(position)}","event":${encodeStructured(event)}}`
    ),
    greet(client, stream, ready) {
      client.send(JSON.stringify({ kind: "ready", ...toReadyMessage(node, stream, ready) }));
      if (stream.gap !== undefined) client.send(toGapMessage(stream.gap));
    },
    toGapMessage,
    receive(client, message) {
      let ref: string | undefined;
      const run = async () => {
        const raw = readMembers(message);
        ref = raw.ref;
        await obey(client, raw);
      };
      run().catch((error) => client.send(toError(client, ref, error)));
    },
  };
}

async function obey(client: SocketClient, raw: RawMessage): Promise<void> {
  switch (raw.kind) {
    case "publish": {
      if (raw.event === undefined) throw invalidMessage('publish needs "event"');
      const receipt = await publish(client, decodeStructured(raw.event));
      return client.send(`{"kind":"receipt"${refMember(raw.ref)},${JSON.stringify(receipt).slice(1)}`);
    }
    case "ack":
      if (raw.cursor === undefined) throw invalidMessage('ack needs "cursor", a string');
      return client.acknowledge(raw.cursor);
    default:
      throw invalidMessage(`kind "${raw.kind}" is neither "publish" nor "ack"`);
  }
}

function toGapMessage(gap: StreamGap): string {
  return JSON.stringify({ kind: "gap", ...gap });
}

function toError(client: SocketClient, ref: string | undefined, error: unknown): string {
  const problem = JSON.stringify(describeProblem(error, client.context.problems));
  return `{"kind":"error"${refMember(ref)},"problem":${problem}}`;
}

function refMember(ref: string | undefined): string {
  return ref === undefined ? "" : `,"ref":${ref}`;
}
