/** Reads a `text/event-stream` body (WHATWG HTML §9.2.6). */

export interface ServerSentEvent {
  readonly id: string | undefined;
  /** `message` when the stream names none. */
  readonly event: string;
  readonly data: string;
}

/** Longest line: an event of a node's default limits, base64 and all, fits many times. */
const LINE_MAX = 64 * 1024 * 1024;

/** Messages in order; comments are skipped. Throws `RangeError` for a line that never ends. Cancels the body when left. */
export async function* readServerSentEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  const reader = body.pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>)
    .getReader();
  let rest = "";
  let fields: { id?: string; event?: string; data: string[] } = { data: [] };
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split(/\r\n|\n|\r(?=[^\n])/);
      rest = lines.pop()!;
      if (rest.length > LINE_MAX) throw new RangeError(`Cannot read event stream: a line is longer than ${LINE_MAX}`);
      for (const line of lines) {
        if (line !== "") takeField(fields, line);
        else {
          if (fields.data.length > 0) {
            yield { id: fields.id, event: fields.event ?? "message", data: fields.data.join("\n") };
          }
          fields = { data: [] };
        }
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function takeField(fields: { id?: string; event?: string; data: string[] }, line: string): void {
  const colon = line.indexOf(":");
  if (colon === 0) return; // a comment
  const name = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? "" : line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
  if (name === "data") fields.data.push(value);
  else if (name === "event") fields.event = value;
  else if (name === "id") fields.id = value;
}
