/** Reads the body of a request, within limits of size and time. */

import { RefusedError, systemClock } from "../../../../node/mod.ts";
import { Deadlines } from "./deadlines.ts";

export interface ReadBodyOptions {
  readonly bytesMax: number;
  /** For the whole body, ms. */
  readonly timeoutMs: number;
  /** Default: those of the process. */
  readonly deadlines?: Deadlines;
}

const EMPTY = new Uint8Array(0);

const processDeadlines = new Deadlines(systemClock);

/**
 * The whole body; empty when there is none. Rejects with `RefusedError`: `BODY_TOO_LARGE` (before reading, if the request
 * says its length), `REQUEST_TIMEOUT`, or `BODY_INCOMPLETE` when the client went away.
 */
export function readBody(request: Request, options: ReadBodyOptions): Promise<Uint8Array> {
  const announced = request.headers.get("content-length");
  if (announced === "0") return Promise.resolve(EMPTY);
  if (announced === null) return readStream(request, options);
  if (Number(announced) > options.bytesMax) return Promise.reject(tooLarge(options.bytesMax));
  // The runtimes hold a client to the length that it announced.
  return inTime(request.bytes(), options, () => undefined);
}

// Chunked, HTTP/2, or made in this process: only reading tells how long it is.
async function readStream(request: Request, options: ReadBodyOptions): Promise<Uint8Array> {
  if (request.body === null) return EMPTY;
  const reader = request.body.getReader();
  const stop = () => void reader.cancel().catch(() => undefined); // it is given up for a reason of its own
  return await inTime(collect(reader, options.bytesMax, stop), options, stop);
}

async function collect(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  bytesMax: number,
  stop: () => void,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    bytes += read.value.length;
    if (bytes > bytesMax) {
      stop();
      throw tooLarge(bytesMax);
    }
    chunks.push(read.value);
  }
  return chunks.length === 1 ? chunks[0] : concat(chunks, bytes);
}

function inTime<T>(reading: Promise<T>, options: ReadBodyOptions, stop: () => void): Promise<T> {
  const { timeoutMs, deadlines = processDeadlines } = options;
  return new Promise((resolve, reject) => {
    const watch = deadlines.watch(timeoutMs, () => {
      stop();
      reject(tooSlow(timeoutMs));
    });
    reading.then((value) => {
      deadlines.end(watch);
      resolve(value);
    }, (error) => {
      deadlines.end(watch);
      reject(error instanceof RefusedError ? error : incomplete(error));
    });
  });
}

function concat(chunks: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function tooLarge(limit: number): RefusedError {
  return new RefusedError(
    "BODY_TOO_LARGE",
    `Cannot read body: it has more than limits.bodyBytes ${limit}; send smaller batches or raise the limit`,
    { limit },
  );
}

function tooSlow(limit: number): RefusedError {
  return new RefusedError(
    "REQUEST_TIMEOUT",
    `Cannot read body: it was not complete within limits.requestTimeoutMs ${limit}; send it faster or raise the limit`,
    { limit },
  );
}

function incomplete(cause: unknown): RefusedError {
  return new RefusedError(
    "BODY_INCOMPLETE",
    "Cannot read body: the connection ended before it was complete; send the request again",
    {},
    cause,
  );
}
