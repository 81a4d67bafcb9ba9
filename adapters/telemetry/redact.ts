/** Takes secrets out of what is logged or shown. */

export const REDACTED = "[redacted]";

/** Names of members whose values are secrets, whatever they look like; compared without `-`, `_` and case. */
const SECRET_NAMES = new Set([
  "accesstoken",
  "apikey",
  "authorization",
  "cookie",
  "credentials",
  "idtoken",
  "jwt",
  "nkey",
  "password",
  "privatekey",
  "proxyauthorization",
  "refreshtoken",
  "secret",
  "seed",
  "setcookie",
  "ticket",
  "token",
  "webhooksignature",
]);

/** Secrets that are known by their looks; the first group stays. */
const SECRET_TEXTS: readonly RegExp[] = [
  // Authorization headers, quoted anywhere.
  /\b((?:Bearer|Basic)\s+)[\w\-.~+/=]+/gi,
  // User and password of a URL.
  /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@?#"']+@/gi,
  // Query parameters.
  /([?&](?:access_token|token|ticket|secret|password|api_key)=)[^\s&#"']+/gi,
  // Keys of Standard Webhooks.
  /\b(whsec_)[\w+/=-]+/g,
  // JSON Web Tokens: header and payload are JSON objects, so both begin with eyJ.
  /\b()eyJ[\w-]+\.eyJ[\w-]+\.[\w-]*/g,
  // Private keys in PEM.
  /(-----BEGIN [A-Z ]*PRIVATE KEY-----)[^-]+/g,
  // NKey seeds of NATS.
  /\b()S[UACNOX][A-Z2-7]{56}\b/g,
];

/** Whether a member of that name holds a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAMES.has(name.replaceAll(/[-_]/g, "").toLowerCase());
}

/** Levels of nesting that are looked into; what lies deeper is left out, which is safe. */
const DEPTH_MAX = 8;

/** The text, with everything in it that looks like a secret replaced. */
export function redactText(text: string): string {
  let clean = text;
  for (const pattern of SECRET_TEXTS) {
    clean = clean.replace(pattern, (_, kept: string) => kept + REDACTED + (pattern.source.endsWith("@") ? "@" : ""));
  }
  return clean;
}

/** A copy of the value without secrets: by the names of members, and by the looks of texts. Errors become plain objects. */
export function redactSecrets(value: unknown): unknown {
  return redact(value, DEPTH_MAX);
}

function redact(value: unknown, depth: number): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  if (depth === 0) return "[…]";
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.map((item) => redact(item, depth - 1));
  if (value instanceof Headers || value instanceof Map) return redactMembers([...value.entries()], depth);
  if (value instanceof Error) return redactMembers(errorMembers(value), depth);
  return redactMembers(Object.entries(value), depth);
}

function redactMembers(members: Iterable<readonly [unknown, unknown]>, depth: number): Record<string, unknown> {
  const clean: Record<string, unknown> = {};
  for (const [name, value] of members) {
    // That there is no secret is worth knowing, and is none.
    const hides = isSecretName(String(name)) && value !== undefined && value !== null;
    clean[String(name)] = hides ? REDACTED : redact(value, depth - 1);
  }
  return clean;
}

function errorMembers(error: Error): [string, unknown][] {
  const { name, message, stack, cause } = error;
  return [...Object.entries({ name, message, stack, cause }), ...Object.entries(error)]
    .filter(([, value]) => value !== undefined);
}
