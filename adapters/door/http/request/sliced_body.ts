/** Answers that may be large, made piece by piece while they are read: the event loop turns between two pieces. */

import { setImmediate } from "node:timers";

/** Characters made at a time, and bytes that may wait for the socket: more is made once the client has read. */
const SLICE_CHARACTERS = 64 * 1024;

const encoder = new TextEncoder();

/**
 * The texts one after the other. They are asked for as the client reads, some 64 KiB at a time; an empty one lets the
 * event loop turn and adds nothing, which is for what takes long to begin with.
 */
export function slicedBody(texts: Iterable<string>): ReadableStream<Uint8Array> {
  const iterator = texts[Symbol.iterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      for (;;) {
        await nextTurn();
        const { text, done } = nextSlice(iterator);
        if (text.length > 0) controller.enqueue(encoder.encode(text));
        if (done) return controller.close();
        if (text.length > 0) return;
      }
    },
    cancel: () => void iterator.return?.(),
  }, { highWaterMark: SLICE_CHARACTERS, size: (chunk) => chunk.length });
}

/** A JSON object whose member `plural` is a list that is made as it is read, and comes first. */
export function* jsonList(
  plural: string,
  entries: Iterable<unknown>,
  members: Readonly<Record<string, unknown>>,
): Generator<string> {
  let text = `{${JSON.stringify(plural)}:[`;
  for (const entry of entries) {
    yield text + JSON.stringify(entry);
    text = ",";
  }
  yield `${text === "," ? "" : text}],${JSON.stringify(members).slice(1)}`;
}

/** The event loop has turned: what else waits had its time. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function nextSlice(texts: Iterator<string>): { readonly text: string; readonly done: boolean } {
  let text = "";
  while (text.length < SLICE_CHARACTERS) {
    const { value, done } = texts.next();
    if (done === true) return { text, done: true };
    if (value === "") break;
    text += value;
  }
  return { text, done: false };
}
