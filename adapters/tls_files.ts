/** The PEM files that `tls` names. */

import { readFileSync } from "node:fs";

import type { ResolvedConfig } from "./config/mod.ts";

type TlsConfig = Pick<ResolvedConfig, "tls">;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----/;
const PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/;

/** Certificate chain and private key of the doors, PEM; `undefined` without `tls.cert`. Throws with the setting and the file. */
export function readTls({ tls }: TlsConfig): { cert: string; key: string } | undefined {
  if (tls?.cert === undefined || tls.key === undefined) return undefined;
  return {
    cert: readPem("tls.cert", tls.cert, { holds: CERTIFICATE, what: "certificate" }),
    key: readPem("tls.key", tls.key, { holds: PRIVATE_KEY, what: "private key" }),
  };
}

/** Authorities of the certificates of others, PEM; `undefined` without `tls.ca`. Throws with the setting and the file. */
export function readCa({ tls }: TlsConfig): string | undefined {
  return tls?.ca === undefined ? undefined : readPem("tls.ca", tls.ca, { holds: CERTIFICATE, what: "certificate" });
}

function readPem(setting: string, file: string, { holds, what }: { holds: RegExp; what: string }): string {
  const text = read(setting, file);
  if (holds.test(text)) return text;
  throw new Error(`Cannot use ${setting} "${file}": it holds no ${what}; name a PEM file that does`);
}

function read(setting: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new Error(`Cannot read ${setting} "${file}": ${(cause as Error).message}; name a PEM file that can be read`, {
      cause,
    });
  }
}
