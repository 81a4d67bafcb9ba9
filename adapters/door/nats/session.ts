/** What a connection is for once it is known who it is: a client's or a link's. */

import type { Outbox } from "./outbox.ts";
import type { ClientMessage } from "./protocol_parser.ts";

/** What a session needs of its connection. */
export interface SessionHost {
  readonly outbox: Outbox;
  readonly headers: boolean;
  readonly echo: boolean;
  readonly noResponders: boolean;
  readonly pedantic: boolean;
  /** `-ERR` with a sentence on one line. */
  readonly error: (text: string) => undefined;
  /** `+OK`, if the client wants to hear it. */
  ok(): void;
  /** Nothing more is read from the client until `release()` was called as often. */
  hold(): void;
  release(): void;
}

export interface Session {
  publish(message: ClientMessage): void;
  /** A promise when it takes a while until it is in place; it never rejects. */
  subscribe(subject: string, queue: string | undefined, sid: string): Promise<void> | undefined;
  unsubscribe(sid: string, max: number | undefined): void;
  /** Runs it once everything published before is durable or refused; at once if it is. */
  whenSettled(run: () => void): void;
  /** There is room in the outbox again. */
  wake(): void;
  close(): void;
}
