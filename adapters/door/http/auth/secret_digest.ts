/** Digests under which secrets are kept and looked up, so that no table holds the secrets themselves. */

import { hash, randomBytes } from "node:crypto";

export type SecretDigest = (secret: string) => string;

/**
 * A digest function of its own: SHA-256 over a random prefix and the secret. Nobody outside the process can tell how much
 * of a digest their guess shares with a stored one, so a look-up in a hash table gives nothing away by its duration.
 */
export function createSecretDigest(): SecretDigest {
  // A whole block of SHA-256, so that the prefix acts as a key of full strength.
  const prefix = randomBytes(32).toString("hex");
  return (secret) => hash("sha256", prefix + secret, "hex");
}
