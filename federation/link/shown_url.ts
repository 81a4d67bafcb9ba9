/** An address as people may see it: a URL of a nats-server names a user and a password, which are nobody else's business. */
export function shownUrl(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, "$1");
}
