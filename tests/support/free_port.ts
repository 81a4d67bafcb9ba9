/** A port of this machine that nobody listens on. */

import { createServer } from "node:net";
import type { AddressInfo } from "node:net";

/** Somebody else may take it before its user does. */
export async function freePort(): Promise<number> {
  return await listenOnce(0);
}

/** The first of `count` ports in a row that nobody listens on. */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = await freePort();
    try {
      for (let next = 1; next < count; next++) await listenOnce(first + next);
      return first;
    } catch {
      // One of the row is taken: somewhere else there is another.
    }
  }
}

async function listenOnce(wanted: number): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(wanted, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
