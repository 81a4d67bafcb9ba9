/** Follows a stream of a node and says when each event came: one clock for what several nodes tell. */

import { readServerSentEvents } from "../../adapters/client/server_sent_events.ts";

/** An event of a stream, as its subscriber sees it. */
export interface SeenEvent {
  readonly id: string;
  readonly type: string;
  readonly data?: unknown;
  /** Reading of `performance.now()` here. */
  readonly at: number;
}

/**
 * Opens `GET /v1/stream` of a node; resolves once it is ready. `onEvent` gets each event in turn until the answer is
 * disposed of.
 */
export async function watchStream(
  url: string,
  topic: string,
  onEvent: (event: SeenEvent) => void,
): Promise<AsyncDisposable> {
  const leave = new AbortController();
  const response = await fetch(`${url}/v1/stream?topic=${encodeURIComponent(topic)}`, {
    headers: { accept: "text/event-stream" },
    signal: leave.signal,
  });
  if (response.status !== 200) {
    throw new Error(`Cannot watch "${topic}": ${response.status} ${await response.text()}`);
  }
  const ready = Promise.withResolvers<void>();
  const ended = (async () => {
    try {
      for await (const { id, data } of readServerSentEvents(response.body!)) {
        ready.resolve();
        if (id !== undefined) onEvent({ ...JSON.parse(data), at: performance.now() });
      }
    } catch {
      // The node was stopped, or the bench has left: either way the stream is over.
    }
    ready.reject(new Error(`Cannot watch "${topic}": the stream ended before it was ready`));
  })();
  ready.promise.catch(() => {}); // thrown below, or nobody waits any more
  await ready.promise;
  return {
    async [Symbol.asyncDispose](): Promise<void> {
      leave.abort();
      await ended;
    },
  };
}
