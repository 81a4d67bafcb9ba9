/** Hellos for tests. */

import type { Beat, Hello, Meet } from "../../federation/link/codec/mod.ts";

export function anIdentity(overrides: Partial<Meet> = {}): Meet {
  return {
    federation: "acme",
    cluster: "alice",
    node: "alice-1",
    epoch: 3 * 2 ** 32 + 77,
    instance: "instance-of-alice",
    versions: [1, 1],
    ...overrides,
  };
}

export function aHello(overrides: Partial<Hello> = {}): Hello {
  return {
    ...anIdentity(),
    fence: 0,
    ackAfterSync: true,
    linkEpoch: 5,
    received: { normal: { linkEpoch: 4, sequence: 12, chain: "00ff00ff00ff00ff" } },
    root: "0123456789abcdef",
    loopLagMs: 0,
    congested: ["charlie"],
    creditBytes: { bulk: 1_048_576 },
    ...overrides,
  };
}

export function aBeat(overrides: Partial<Beat> = {}): Omit<Beat, "fullHash"> {
  return { number: 7, echo: 6, echoDelayMs: 120, sentAtMs: 123_456, ...overrides };
}
