/** The body of an answer that is an event stream: bytes as they come, for as long as the client reads. */

export interface SseHooks {
  /** There is room again after there was none. */
  readonly onRoom: () => void;
  /** The client is gone. Called at most once, and not after `close()`. */
  readonly onGone: () => void;
}

/** Bytes that wait for the socket; past it nothing more is taken for the client until it has read. */
const BUFFERED_BYTES_MAX = 256 * 1024;

export class SseWriter {
  readonly body: ReadableStream<Uint8Array>;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #ended = false;

  constructor(hooks: SseHooks) {
    this.body = new ReadableStream<Uint8Array>({
      start: (controller) => void (this.#controller = controller),
      pull: () => hooks.onRoom(),
      cancel: () => {
        if (this.#ended) return;
        this.#ended = true;
        hooks.onGone();
      },
    }, { highWaterMark: BUFFERED_BYTES_MAX, size: (chunk) => chunk.length });
  }

  get hasRoom(): boolean {
    return !this.#ended && (this.#controller.desiredSize ?? 0) > 0;
  }

  /** Does nothing once the stream has ended. */
  write(bytes: Uint8Array): void {
    if (!this.#ended) this.#controller.enqueue(bytes);
  }

  /** Ends the stream after what was written. */
  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#controller.close();
  }

  toResponse(): Response {
    return new Response(this.body, { headers: SSE_HEADERS });
  }
}

const SSE_HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  "x-accel-buffering": "no", // nginx would hold events back until its buffer is full
};

/** What HEAD answers: the headers, and no stream that nobody would read or end. */
export function sseHeadResponse(): Response {
  return new Response(null, { headers: SSE_HEADERS });
}
