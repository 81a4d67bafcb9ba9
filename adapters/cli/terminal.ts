/** What a command sees of the world around it. Tests put their own in its place. */

/** A place to write to. */
export interface Screen {
  /** Whether a person reads it. */
  readonly isTerminal: boolean;
  /** Whether escape sequences of colour are welcome. */
  readonly colors: boolean;
  /** Characters in a line. */
  readonly columns: number;
  /** Resolves when there is room for more. */
  write(text: string | Uint8Array): Promise<void>;
}

export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What relative file names are relative to. */
  readonly directory: string;
  readonly input: AsyncIterable<Uint8Array>;
  /** Data: what a pipe passes on. */
  readonly output: Screen;
  /** Words for people: progress, hints, errors. */
  readonly chat: Screen;
  /** Aborts on Ctrl-C and SIGTERM. Whoever asks for it takes over what these signals do. */
  readonly interrupted: AbortSignal;
}
