/** Certificates for tests, made by openssl. */

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
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

/** Makes an authority, and a certificate of it for names such as `IP:127.0.0.1`: some clients take no authority's own. */
export function createSignedCertificate(
  directory: string,
  names: readonly string[],
): CertificateFiles & { readonly ca: string } {
  const [ca, caKey] = [join(directory, "ca.pem"), join(directory, "ca-key.pem")];
  const [cert, key] = [join(directory, "signed.pem"), join(directory, "signed-key.pem")];
  const [request, extensions] = [join(directory, "request.pem"), join(directory, "extensions.txt")];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const openssl = (...words: readonly string[]) => execFileSync("openssl", words, { stdio: "ignore" });
  openssl("req", "-x509", ...kind, "-days", "2", "-subj", "/CN=authority", "-keyout", caKey, "-out", ca);
  openssl("req", "-new", ...kind, "-subj", "/CN=weft", "-keyout", key, "-out", request);
  writeFileSync(extensions, `subjectAltName=${names.join(",")}\nbasicConstraints=critical,CA:FALSE\n`);
  const by = ["-CA", ca, "-CAkey", caKey, "-CAcreateserial", "-days", "2", "-extfile", extensions];
  openssl("x509", "-req", "-in", request, ...by, "-out", cert);
  return { ca, cert, key };
}
