/** Turns a connection that was greeted in the clear into an encrypted one, as NATS clients expect it. */

import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";

import type { Clock } from "../../../node/mod.ts";
import { GREETING_MS } from "./limits.ts";

export interface TlsFiles {
  /** Texts in PEM. */
  readonly cert: string;
  readonly key: string;
  /** Clients must show a certificate that comes from it. */
  readonly ca?: string;
}

export class TlsUpgrade {
  // A server that listens nowhere: handing it sockets is the one way in which both runtimes check certificates of clients.
  readonly #server: Server;
  readonly #clock: Pick<Clock, "after">;
  /** Handshakes under way, by the client's address and port. */
  readonly #pending = new Map<string, (secured: TLSSocket) => void>();

  constructor({ cert, key, ca }: TlsFiles, clock: Pick<Clock, "after">) {
    this.#clock = clock;
    const demands = { requestCert: ca !== undefined, rejectUnauthorized: ca !== undefined };
    this.#server = createServer({ cert, key, ca, ...demands }, (secured) => {
      const onSecured = this.#pending.get(addressOf(secured));
      if (onSecured === undefined) secured.destroy();
      else onSecured(secured);
    });
    this.#server.on("tlsClientError", () => undefined); // the socket closes
  }

  /** Handshakes under way. */
  get size(): number {
    return this.#pending.size;
  }

  /** `onSecured` is called unless the handshake fails or takes too long; the socket is then closed. */
  upgrade(socket: Socket, onSecured: (secured: TLSSocket) => void): void {
    const address = addressOf(socket);
    const cancel = this.#clock.after(GREETING_MS, () => socket.destroy());
    const settle = () => {
      cancel();
      this.#pending.delete(address);
    };
    this.#pending.set(address, (secured) => {
      settle();
      onSecured(secured);
    });
    socket.on("error", () => undefined); // a close follows
    socket.on("close", settle);
    this.#server.emit("connection", socket);
  }
}

function addressOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
