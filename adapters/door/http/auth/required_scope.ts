/** What each path asks of whoever calls it, as far as method and path tell. */

/**
 * - `open`: nothing.
 * - `openOnLoopback`: nothing where the door listens on loopback alone, else any principal.
 * - `authenticated`: any principal.
 * - `publish`, `subscribe`: that scope for the topics in the body; the route checks it where it knows them.
 * - `browse`: scope `subscribe` for the pattern in `?topic=`, `>` if there is none.
 * - `admin`: that scope.
 */
export type RequiredScope =
  | "open"
  | "openOnLoopback"
  | "authenticated"
  | "publish"
  | "subscribe"
  | "browse"
  | "admin";

interface Rule {
  /** Methods separated by spaces; `*` any. */
  readonly methods: string;
  /** Segments; `*` any one, `**` at the end any number, none included. */
  readonly path: string;
  readonly scope: RequiredScope;
}

/** The first rule that fits holds; what none fits needs `authenticated`. */
const SCOPE_RULES: readonly Rule[] = [
  { methods: "POST", path: "/", scope: "publish" },
  { methods: "POST", path: "/v1/events", scope: "publish" },
  { methods: "POST", path: "/v1/topics/*", scope: "publish" },
  { methods: "GET", path: "/livez", scope: "open" },
  { methods: "GET", path: "/readyz", scope: "open" },
  { methods: "GET", path: "/metrics", scope: "openOnLoopback" },
  { methods: "GET", path: "/openapi.json", scope: "openOnLoopback" },
  { methods: "POST", path: "/v1/tickets", scope: "authenticated" },
  { methods: "GET", path: "/v1/stream", scope: "subscribe" },
  { methods: "GET", path: "/v1/subscriptions/**", scope: "authenticated" },
  { methods: "POST", path: "/v1/subscriptions/*/seek", scope: "admin" },
  { methods: "*", path: "/v1/subscriptions/**", scope: "subscribe" },
  // Payloads are shown: whoever reads them here must be one who could have subscribed to them.
  { methods: "GET", path: "/v1/events", scope: "browse" },
  { methods: "*", path: "/v1/dead-letters/**", scope: "admin" },
  { methods: "DELETE", path: "/v1/clusters/*", scope: "admin" },
  { methods: "*", path: "/v1/backup", scope: "admin" },
  { methods: "*", path: "/v1/config", scope: "admin" },
];

/** `path`: of the URL, without query. HEAD counts as GET. */
export function requiredScope(method: string, path: string): RequiredScope {
  const asked = method === "HEAD" ? "GET" : method;
  const rule = SCOPE_RULES.find((rule) => matchMethod(rule.methods, asked) && matchPath(rule.path, path));
  return rule?.scope ?? "authenticated";
}

function matchMethod(methods: string, method: string): boolean {
  return methods === "*" || methods.split(" ").includes(method);
}

function matchPath(rule: string, path: string): boolean {
  const wanted = rule.split("/");
  const given = path.split("/");
  for (const [i, segment] of wanted.entries()) {
    if (segment === "**") return true;
    if (i >= given.length || (segment !== "*" && segment !== given[i])) return false;
  }
  return wanted.length === given.length;
}
