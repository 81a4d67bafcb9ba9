/** `fetch` for a node whose certificate comes from an authority that the system does not know. */

import { readFileSync } from "node:fs";

import { detectRuntime } from "../runtime/detect.ts";
import { UsageError } from "./exit_codes.ts";

/** `caFile`: of the authorities, PEM; without one it is the usual `fetch`. Throws `UsageError` when it cannot be read. */
export function createFetch(caFile: string | undefined): typeof fetch {
  if (caFile === undefined) return fetch;
  const ca = readAuthorities(caFile);
  const trusting = detectRuntime().then((runtime) => runtime.fetchTrusting(ca));
  trusting.catch(() => undefined); // told with the first request
  return (async (...parameters: Parameters<typeof fetch>) => await (await trusting)(...parameters)) as typeof fetch;
}

function readAuthorities(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(
      `Cannot read "${file}": ${(error as Error).message}; name a PEM file with --ca or WEFT_CA`,
      "",
    );
  }
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new UsageError(`Cannot use "${file}": it holds no certificate; name a PEM file with --ca or WEFT_CA`, "");
}
