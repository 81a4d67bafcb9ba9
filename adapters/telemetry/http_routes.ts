/** Names the route of a request for metrics: few names, whatever clients ask for. */

/** Label of requests to paths that none of the routes below serves. */
const OTHER = "other";

/** A path, or what stands for all paths that begin with its first one or two segments. */
const ROUTES = [
  "/",
  "/v1/events",
  "/v1/topics",
  "/v1/stream",
  "/v1/subscriptions",
  "/v1/dead-letters",
  "/v1/tickets",
  "/v1",
  "/v1/explain",
  "/v1/trace",
  "/v1/ledger",
  "/v1/clusters",
  "/v1/peers",
  "/v1/links",
  "/v1/interest",
  "/v1/backup",
  "/v1/config",
  "/routes",
  "/livez",
  "/readyz",
  "/metrics",
  "/openapi.json",
  "/ui",
  OTHER,
] as const;

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", OTHER] as const;

const routeIndexes = new Map<string, number>(ROUTES.map((route, index) => [route, index]));
const methodIndexes = new Map<string, number>(METHODS.map((method, index) => [method, index]));

/** A method and a route as one small number, below `ROUTE_COUNT`. */
export type RouteNumber = number;

export const ROUTE_COUNT = ROUTES.length * METHODS.length;

/** Allocates no more than the name that it looks up: it runs for every request. */
export function routeOf(method: string, url: string): RouteNumber {
  const route = routeIndexes.get(namedPart(url)) ?? ROUTES.length - 1;
  return route * METHODS.length + (methodIndexes.get(method) ?? METHODS.length - 1);
}

/** Labels of a route for a metric. */
export function routeLabels(number: RouteNumber): { readonly method: string; readonly route: string } {
  return { method: METHODS[number % METHODS.length], route: ROUTES[Math.floor(number / METHODS.length)] };
}

/** Whether requests of that route carry events to accept. */
export function isPublishRoute(number: RouteNumber): boolean {
  return number % METHODS.length === POST && Math.floor(number / METHODS.length) <= LAST_PUBLISHED;
}

const POST = METHODS.indexOf("POST");
const LAST_PUBLISHED = ROUTES.indexOf("/v1/topics");

/** `http://host/v1/topics/a.b?x` → `/v1/topics`; `http://host/routes` → `/routes`. */
function namedPart(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start < 0) return "/";
  let end = endOfSegment(url, start + 1);
  if (end - start === 3 && url.charCodeAt(end) === SLASH && url.startsWith("/v1", start)) {
    end = endOfSegment(url, end + 1);
  }
  return url.slice(start, end);
}

const SLASH = 0x2f;
const QUESTION = 0x3f;

function endOfSegment(url: string, from: number): number {
  for (let at = from; at < url.length; at++) {
    const code = url.charCodeAt(at);
    if (code === SLASH || code === QUESTION) return at;
  }
  return url.length;
}
