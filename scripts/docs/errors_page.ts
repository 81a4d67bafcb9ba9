/** `docs/errors.md`: every code that a node answers with. */

import { PROBLEM_CODES, type ProblemCode } from "../../adapters/door/http/problem_codes.ts";
import { generatedFrom } from "./markdown.ts";

export function renderErrorsPage(): string {
  const codes = Object.entries<ProblemCode>(PROBLEM_CODES).sort(([a], [b]) => a < b ? -1 : 1);
  const overview = codes.map(([code, { status, title }]) =>
    `| [\`${code}\`](#${code.toLowerCase()}) | ${status} | ${title} |`
  );
  const sections = codes.map(([code, entry]) => renderCode(code, entry));
  return `${HEAD}\n${overview.join("\n")}\n\n${sections.join("\n")}`;
}

function renderCode(code: string, { status, title, explanation, remedy, retryAfterMs }: ProblemCode): string {
  const wait = retryAfterMs === undefined
    ? ""
    : ` \`Retry-After\` is ${retryAfterMs / 1000} s unless the node knows better.`;
  return `## ${code}\n\n${title} (${status}). ${explanation}\n\n**What to do:** ${remedy}${wait}\n`;
}

const HEAD = `${generatedFrom("adapters/door/http/problem_codes.ts")}
# Errors

A node answers what it refuses with a problem document (RFC 9457, \`application/problem+json\`):

\`\`\`json
{
  "type": "urn:weft:error:EVENT_TOO_LARGE",
  "code": "EVENT_TOO_LARGE",
  "title": "Event too large",
  "status": 413,
  "detail": "Cannot accept event: it has 1100000 bytes, more than limits.eventBytes 1048576; send a reference …",
  "limit": 1048576
}
\`\`\`

- \`code\` never changes its meaning: let programs decide by it. \`type\` is the same as a URI; it names, it is not to be fetched.
- \`detail\` is for people: what happened, with the value, why, and what to do. Its words may change.
- Further members say where: \`attribute\`, \`path\` (a member of what was sent), \`position\` (0-based character of a mistake in
  an expression or in JSON), \`index\` (place in a batch), \`limit\`. A batch has \`errors\`: one entry for each event at fault.
- 429 and 503 come with \`Retry-After\`, 405 with \`Allow\`, 401 and 403 with \`WWW-Authenticate\`.
- A 500 says nothing of the inside; the reason is in the log of the node.

| code | status | title |
|---|---|---|`;
