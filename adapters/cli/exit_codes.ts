/** How a command ends. The numbers are stable: scripts branch on them. */

import { WeftError } from "../client/mod.ts";

export const ExitCode = {
  ok: 0,
  failed: 1,
  /** The command line itself is wrong. */
  usage: 2,
  notFound: 3,
  /** Not authenticated, or not allowed. */
  auth: 4,
  unreachable: 5,
  timeout: 6,
  /** Ctrl-C, as shells number it: 128 + SIGINT. */
  interrupted: 130,
} as const;

export type ExitCode = typeof ExitCode[keyof typeof ExitCode];

/** An end that says why, and with which code. */
export class CommandError extends Error {
  override readonly name: string = "CommandError";
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** The command line cannot be understood; `command` is the one whose help tells more. */
export class UsageError extends CommandError {
  override readonly name = "UsageError";
  readonly command: string;

  constructor(message: string, command: string) {
    super(ExitCode.usage, message);
    this.command = command;
  }
}

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommandError) return error.exitCode;
  if (error instanceof WeftError) return ofStatus(error.status);
  return ExitCode.failed;
}

function ofStatus(status: number): ExitCode {
  if (status === 401 || status === 403) return ExitCode.auth;
  if (status === 404 || status === 410) return ExitCode.notFound;
  if (status === 408 || status === 504) return ExitCode.timeout;
  return ExitCode.failed;
}
