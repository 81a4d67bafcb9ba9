/** Certificates for tests, made by openssl. */

import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** Whether there is an openssl to make them. */
export const hasOpenssl: boolean = (() => {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

export interface CertificateFiles {
  /** Paths of PEM files. */
  readonly cert: string;
  readonly key: string;
}

/** Makes a certificate that signs itself, for names such as `IP:127.0.0.1` and `DNS:localhost`. */
export function createCertificate(directory: string, names: readonly string[]): CertificateFiles {
  const [cert, key] = [join(directory, "cert.pem"), join(directory, "key.pem")];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=weft"];
  const alternatives = ["-addext", `subjectAltName=${names.join(",")}`];
  execFileSync("openssl", ["req", "-x509", ...kind, ...alternatives, "-keyout", key, "-out", cert], {
    stdio: "ignore",
  });
  return { cert, key };
}
