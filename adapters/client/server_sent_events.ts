/** Reads a `text/event-stream` body (WHATWG HTML §9.2.6). */

import { LineSplitter } from "./line_splitter.ts";

export interface ServerSentEvent {
  readonly id: string | undefined;
  /** `message` when the stream names none. */
  readonly event: string;
  readonly data: string;
}

/** Longest message: an event of a node's default limits, base64 and all, fits many times. */
const LENGTH_MAX = 64 * 1024 * 1024;

/**
 * Messages in order; comments are skipped. Throws `RangeError` for a message that never ends, and a `TimeoutError` when
 * nothing comes for `idleMs`, not even a comment. Cancels the body when left.
 */
export async function* readServerSentEvents(
  body: ReadableStream<Uint8Array>,
  options: { idleMs?: number } = {},
): AsyncGenerator<ServerSentEvent> {
  const reader = body.pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>)
    .getReader();
  const lines = new LineSplitter(LENGTH_MAX);
  let message = new Message();
  try {
    for (;;) {
      const { done, value } = await readWithin(reader, options.idleMs);
      if (done) return;
      for (const line of lines.push(value)) {
        if (line !== "") message.take(line);
        else {
          const event = message.toEvent();
          message = new Message();
          if (event !== undefined) yield event;
        }
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** The fields of a message so far. */
class Message {
  #id: string | undefined;
  #event: string | undefined;
  readonly #data: string[] = [];
  #length = 0;

  take(line: string): void {
    const colon = line.indexOf(":");
    if (colon === 0) return; // a comment
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
    if (name === "event") this.#event = value;
    else if (name === "id" && !value.includes("\0")) this.#id = value;
    else if (name === "data") this.#addData(value);
  }

  /** `undefined` when there is no data: such a message is none. */
  toEvent(): ServerSentEvent | undefined {
    if (this.#data.length === 0) return undefined;
    return { id: this.#id, event: this.#event || "message", data: this.#data.join("\n") };
  }

  #addData(value: string): void {
    this.#data.push(value);
    this.#length += value.length + 1;
    if (this.#length > LENGTH_MAX) {
      throw new RangeError(`Cannot read event stream: a message is longer than ${LENGTH_MAX} characters`);
    }
  }
}

async function readWithin<T>(
  reader: ReadableStreamDefaultReader<T>,
  idleMs: number | undefined,
): Promise<ReadableStreamReadResult<T>> {
  if (idleMs === undefined) return await reader.read();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    const error = new DOMException(`Cannot read event stream: nothing came for ${idleMs} ms`, "TimeoutError");
    timer = setTimeout(() => reject(error), idleMs);
  });
  try {
    return await Promise.race([reader.read(), silence]);
  } finally {
    clearTimeout(timer);
  }
}
