/**
 * Reads a stream in order by a consumer that holds nothing: where it goes away or skips something, another one starts
 * after the last frame that was handed on.
 */

import type { NatsClient } from "../nats/mod.ts";

import { ConsumerRun } from "./consumer_run.ts";

export interface ReadFramesOptions {
  readonly stream: string;
  /** Sequence of the last frame that the caller has. */
  readonly after: number;
  /** Called in order, each sequence above the one before. Must not throw. */
  readonly onFrame: (sequence: number, payload: Uint8Array) => void;
  /** Told when the reader had to start over, with the reason: nothing is lost, but often means trouble. */
  readonly onRestart?: (reason: string) => void;
  /** Handed on and not yet reported by `done()`: beyond, the reader waits. Higher reads faster over long lines. */
  readonly bytesAheadMax: number;
  /** A consumer that shows no sign of life for twice this time is given up. Lower finds trouble sooner, and chatters. */
  readonly heartbeatMs: number;
}

/** Pause before another consumer, so that a stream that is gone is not asked for without end. */
const RESTART_PAUSE_MS = 250;

export class FrameReader {
  readonly #client: NatsClient;
  readonly #options: ReadFramesOptions;
  /** Frames that were handed on and are not done. */
  readonly #ahead: { readonly sequence: number; readonly bytes: number }[] = [];
  #aheadBytes = 0;
  #last: number;
  #run: ConsumerRun | undefined;
  #pause: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;

  /** Begins at once; ends with the connection. */
  constructor(client: NatsClient, options: ReadFramesOptions) {
    this.#client = client;
    this.#options = options;
    this.#last = options.after;
    client.onClosed(() => this.stop());
    this.#start();
  }

  /** The caller has worked off frames up to this one; the reader may hand on more. */
  done(sequence: number): void {
    while (this.#ahead.length > 0 && this.#ahead[0].sequence <= sequence) {
      this.#aheadBytes -= this.#ahead.shift()!.bytes;
    }
    this.#askForMore();
  }

  /** Ends it; `onFrame` is not called again. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#pause);
    this.#run?.end();
  }

  #start(): void {
    const { stream, heartbeatMs } = this.#options;
    this.#run = new ConsumerRun(this.#client, {
      stream,
      heartbeatMs,
      after: this.#last,
      onFrame: (sequence, payload) => this.#take(sequence, payload),
      onIdle: () => this.#askForMore(),
      onTooLarge: () => this.#tooLarge(),
      onEnd: (reason) => this.#restart(reason),
    });
  }

  #askForMore(): void {
    const room = this.#options.bytesAheadMax - this.#aheadBytes;
    if (room > 0) this.#run?.ask({ bytesMax: room });
  }

  /** The next frame alone has no room: it waits for others to be done, and passes if there are none. */
  #tooLarge(): void {
    if (this.#aheadBytes === 0) this.#run?.ask({ bytesMax: undefined });
  }

  #take(sequence: number, payload: Uint8Array): void {
    this.#last = sequence;
    this.#ahead.push({ sequence, bytes: payload.length });
    this.#aheadBytes += payload.length;
    this.#options.onFrame(sequence, payload);
  }

  #restart(reason: string): void {
    this.#run = undefined;
    if (this.#stopped) return;
    this.#pause = setTimeout(() => this.#start(), RESTART_PAUSE_MS);
    this.#options.onRestart?.(reason);
  }
}
