/** Turns what went wrong while dialling into a code that an operator can act on. */

import type { DialFailure } from "../../../federation/mod.ts";

/** How far an attempt came. */
export type DialStage = "connecting" | "greeting" | "encrypting" | "open" | "closed";

/** An attempt that failed, told apart where it happened. */
export class DialError extends Error {
  readonly code: DialFailure["code"];

  constructor(code: DialFailure["code"], state: string, options?: ErrorOptions) {
    super(state, options);
    this.name = "DialError";
    this.code = code;
  }
}

/** `name` is the URL without its secrets. */
export function toDialFailure(name: string, error: unknown): DialFailure {
  const { code, state } = describe(error);
  return { code, detail: `Cannot dial "${name}": ${state}` };
}

/** What the end of a socket means for an attempt that came to `stage`. */
export function toAttemptError(stage: DialStage, error: Error | undefined): DialError {
  if (error instanceof DialError) return error;
  if (stage === "encrypting") return toTlsError(error);
  if (stage === "greeting") {
    return new DialError("NOT_NATS", "it accepted the connection and closed it without a greeting; check the port");
  }
  return new DialError("UNREACHABLE", whyUnreachable(error), { cause: error });
}

export function toTlsError(error: Error | undefined): DialError {
  const why = error?.message ?? "it closed the connection";
  const state = `the TLS handshake failed: ${why}; check tls.ca and the names in its certificate`;
  return new DialError("TLS_REFUSED", state, { cause: error });
}

export function toTimeoutError(stage: DialStage, timeoutMs: number): DialError {
  return new DialError("TIMEOUT", `${whySilent(stage)} (waited ${timeoutMs} ms)`);
}

function whySilent(stage: DialStage): string {
  if (stage === "connecting") return "no answer; check the address, and that no firewall drops its packets";
  if (stage === "encrypting") return "it did not finish the TLS handshake";
  return "it accepted the connection but did not greet; it is overloaded, or no NATS endpoint (check the port)";
}

function whyUnreachable(error: NodeJS.ErrnoException | undefined): string {
  switch (error?.code) {
    case "ECONNREFUSED":
      return "nobody listens there; start it, or check the port";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "there is no such host; check the name";
    default:
      return `${error?.message || "the connection ended"}; check the address and the network`;
  }
}

/** Errors of the client library are told apart by name, so that it is not loaded for their classes. */
function describe(error: unknown): { code: DialFailure["code"]; state: string } {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (error instanceof DialError) return { code: error.code, state: message };
  switch (name) {
    case "AuthorizationError":
    case "UserAuthenticationExpiredError":
      return {
        code: "TOKEN_REFUSED",
        state: `it refuses the credentials ("${message}"); give both ends the same federation.token, ` +
          "or put user and password of a nats-server into the URL",
      };
    case "TimeoutError":
      return { code: "TIMEOUT", state: "it greeted as NATS but did not answer in time; it may be overloaded" };
    case "ProtocolError":
      return { code: "UNREACHABLE", state: `it refuses the connection: "${message}"; see its log` };
    case "ConnectionError":
      return { code: "UNREACHABLE", state: "it greeted as NATS and closed the connection; see its log" };
    default:
      return { code: "UNREACHABLE", state: message };
  }
}
