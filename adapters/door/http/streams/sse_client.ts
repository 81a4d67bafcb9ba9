/** One client of `GET /v1/stream` that reads Server-Sent Events. */

import type { EventStream } from "../../../../node/mod.ts";
import type { DoorContext } from "../door_context.ts";
import { awaitReady } from "../request/mod.ts";
import type { LiveClient, LiveClients } from "./live_clients.ts";
import { KEEP_ALIVE, type SseEncoder, toControlMessage, toResumePoint } from "./sse_encoder.ts";
import { SseWriter } from "./sse_writer.ts";
import { toReadyMessage } from "./ready_message.ts";
import type { StreamRequest } from "./stream_request.ts";

/** Events in one write: enough to be cheap, few enough to keep a write small. */
const TAKEN_MAX = 512;
/** In a group, events in a turn: a member should not take all before the next one is asked. */
const TAKEN_IN_GROUP_MAX = 16;

export interface SseParts {
  readonly context: DoorContext;
  readonly clients: LiveClients;
  readonly encoder: SseEncoder;
}

/** Resolves when the interest is in place. Rejects with what `openStream()` refuses. */
export async function openSseStream(parts: SseParts, request: StreamRequest): Promise<Response> {
  const client = new SseClient(parts, request.options.group !== undefined);
  const stream = await parts.context.node.openStream({ ...request.options, onReady: client.onReady });
  const ready = await awaitReady(parts.context, request.ready);
  client.begin(stream, toReadyMessage(parts.context.node, stream, ready));
  return client.toResponse();
}

class SseClient implements LiveClient {
  readonly #parts: SseParts;
  readonly #inGroup: boolean;
  readonly #writer: SseWriter;
  #stream: EventStream | undefined;
  #woken = false;
  #full = false;

  constructor(parts: SseParts, inGroup: boolean) {
    this.#parts = parts;
    this.#inGroup = inGroup;
    this.#writer = new SseWriter({ onRoom: () => this.#onRoom(), onGone: () => this.#leave() });
  }

  readonly onReady = (): void => {
    if (this.#woken || this.#full || this.#stream === undefined) return;
    this.#woken = true;
    this.#parts.clients.wake(this);
  };

  begin(stream: EventStream, ready: Record<string, unknown>): void {
    this.#stream = stream;
    this.#writer.write(toControlMessage("ready", ready));
    this.#writer.write(toResumePoint(stream.cursor));
    if (stream.gap !== undefined) this.#writer.write(toControlMessage("gap", stream.gap));
    this.#parts.clients.add(this);
    if (this.#parts.context.draining.aborted) return this.end();
    this.onReady();
  }

  toResponse(): Response {
    return this.#writer.toResponse();
  }

  flush(): void {
    this.#woken = false;
    const stream = this.#stream;
    if (stream === undefined) return;
    while (this.#writer.hasRoom) {
      const gap = stream.takeGap();
      if (gap !== undefined) this.#writer.write(toControlMessage("gap", gap));
      const events = stream.take(this.#inGroup ? TAKEN_IN_GROUP_MAX : TAKEN_MAX);
      if (events.length === 0) return;
      this.#writer.write(this.#parts.encoder.encode(events));
      if (this.#inGroup) return this.onReady(); // the other members' turn comes first
    }
    this.#full = true;
  }

  keepAlive(): void {
    if (this.#writer.hasRoom) this.#writer.write(KEEP_ALIVE);
  }

  end(): void {
    this.#writer.close();
    this.#leave();
  }

  #onRoom(): void {
    if (!this.#full) return;
    this.#full = false;
    this.onReady();
  }

  #leave(): void {
    const stream = this.#stream;
    this.#stream = undefined;
    this.#parts.clients.remove(this);
    stream?.close().catch(this.#parts.context.problems.onFailure);
  }
}
