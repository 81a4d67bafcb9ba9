/** Dials virtual brokers by URL, with all the ways in which that fails. */

import type { DialBus } from "../../federation/mod.ts";
import type { VirtualBroker } from "./virtual_broker.ts";
import { VirtualConnection } from "./virtual_connection.ts";
import type { Boot } from "./virtual_host.ts";
import type { VirtualNetwork } from "./virtual_network.ts";

/** The brokers of a virtual network, by the name of their machine. */
export type Brokers = Map<string, VirtualBroker>;

export function urlOf(host: string): string {
  return `nats://${host}:7701`;
}

/** Dials from one process. */
export function createDial(network: VirtualNetwork, brokers: Brokers, boot: Boot): DialBus {
  return (url, { timeoutMs }, done) => {
    const from = boot.host.name;
    const to = new URL(url).hostname;
    const attempt: { open: boolean; connection?: VirtualConnection } = { open: true };
    const finish = (result: Parameters<typeof done>[0]): void => {
      if (!attempt.open) return;
      attempt.open = false;
      cancelTimeout();
      done(result);
    };
    const fail = (code: "UNREACHABLE" | "TIMEOUT", detail: string): void => {
      attempt.connection?.close("client", "gave up");
      finish({ failure: { code, detail } });
    };
    const cancelTimeout = boot.host.after(
      boot,
      Math.round(timeoutMs * 1000),
      () => fail("TIMEOUT", `Cannot dial "${url}": no answer within ${timeoutMs} ms; check the network in between`),
    );
    const refused = (why: string): void =>
      fail("UNREACHABLE", `Cannot dial "${url}": ${why}; start the node there or correct the address`);
    const { delayUs } = network.path(from, to).quality;
    network.scheduler.after(delayUs, () => {
      const host = network.host(to);
      if (host === undefined) return boot.run(() => refused("no such host"));
      if (network.isCut(from, to)) return boot.run(() => refused("connection refused"));
      if (network.path(from, to).hole || !host.powered) return; // nobody ever answers
      const broker = brokers.get(to);
      if (broker === undefined || !broker.boot.alive) {
        return void boot.host.after(boot, delayUs, () => refused("connection refused"));
      }
      broker.boot.run(() => {
        if (!attempt.open || !boot.alive) return;
        const connection = attempt.connection = new VirtualConnection(network, boot, broker, url);
        connection.say("client", () => finish({ bus: connection.bus }));
      });
    });
    return () => {
      if (!attempt.open) return;
      attempt.open = false;
      cancelTimeout();
      attempt.connection?.close("client", "given up");
    };
  };
}
