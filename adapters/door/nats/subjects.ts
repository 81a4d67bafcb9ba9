/** Which of a client's subjects are events, and which are not (contract: `_INBOX`, `$…` and `weft.` never are). */

/**
 * `event`: goes through the log. `live`: from client to client of this node at once, or to nobody: replies and what begins
 * with `$`. `publish`: a request whose answer is the receipt. `mesh`: between nodes alone.
 */
export type SubjectKind = "event" | "live" | "publish" | "mesh";

export const LINK_PREFIX = "weft.v1.";
export const PUBLISH_PREFIX = "weft.pub.";
const INBOX_PREFIX = "_INBOX";

/** Of a subject or a pattern. */
export function kindOf(subject: string): SubjectKind {
  const first = subject.charCodeAt(0);
  if (first === DOLLAR || first === UNDERSCORE && isInbox(subject)) return "live";
  if (first !== LETTER_W || !subject.startsWith("weft.")) return "event";
  return subject.startsWith(PUBLISH_PREFIX) ? "publish" : "mesh";
}

/** Whether a subject or pattern is of the kind that replies go to, a prefix of the client's own (`_INBOX_shop`) included. */
export function isInbox(subject: string): boolean {
  return subject.startsWith(INBOX_PREFIX);
}

/** What a link client may publish to and subscribe to. */
export function isLinkSubject(subject: string): boolean {
  return subject.startsWith(LINK_PREFIX) || isInbox(subject);
}

const DOLLAR = 0x24;
const UNDERSCORE = 0x5f;
const LETTER_W = 0x77;
