/** What federations, clusters and nodes may be called: one token of a subject, so that no name can reach into another's. */

const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

export const NAME_BYTES_MAX = 63;

export function isName(text: unknown): text is string {
  return typeof text === "string" && NAME.test(text);
}
