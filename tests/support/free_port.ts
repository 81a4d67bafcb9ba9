/** A port of this machine that nobody listens on. */

import { createServer } from "node:net";
import type { AddressInfo } from "node:net";

/** Somebody else may take it before its user does; the three after it are likely free as well. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
