/** What kind of place an IP address is (IANA special-purpose registries, RFC 6890). */

import { blockContains, type IpAddress, type IpBlock, parseIpBlock } from "./ip_address.ts";

export type AddressClass = "public" | "loopback" | "private" | "link-local" | "metadata" | "unspecified" | "reserved";

// The first block that contains the address counts.
const table: readonly (readonly [AddressClass, readonly string[]])[] = [
  ["loopback", ["127.0.0.0/8", "::1"]],
  // Instance metadata of the clouds hands out credentials; 168.63.129.16 is Azure's and looks public.
  ["metadata", [
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
    "fd00:ec2::254",
  ]],
  ["unspecified", ["0.0.0.0/8", "::"]],
  ["private", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7", "fec0::/10"]],
  ["link-local", ["169.254.0.0/16", "fe80::/10"]],
  [
    "reserved",
    [
      "192.0.0.0/24",
      "192.0.2.0/24",
      "198.18.0.0/15",
      "198.51.100.0/24",
      "203.0.113.0/24",
      "224.0.0.0/3",
      "64:ff9b:1::/48",
      "100::/64",
      "2001::/23",
      "2001:db8::/32",
      "3fff::/20",
      "5f00::/16",
      "ff00::/8",
    ],
  ],
];

const blocks: readonly (readonly [AddressClass, IpBlock])[] = table.flatMap(([kind, texts]) =>
  texts.map((text) => [kind, parseIpBlock(text)!] as const)
);

// IPv6 blocks whose addresses lead to an IPv4 address, and how many bits stand to its right:
// IPv4-mapped, IPv4-compatible (RFC 4291 §2.5.5), NAT64 (RFC 6052), 6to4 (RFC 3056).
const embeddings: readonly (readonly [IpBlock, bigint])[] = [
  [parseIpBlock("::ffff:0:0/96")!, 0n],
  [parseIpBlock("::/96")!, 0n],
  [parseIpBlock("64:ff9b::/96")!, 0n],
  [parseIpBlock("2002::/16")!, 80n],
];

/** The class of an address; one that embeds an IPv4 address has the class of that. */
export function classifyAddress(address: IpAddress): AddressClass {
  const kind = blocks.find(([, block]) => blockContains(block, address))?.[0];
  if (kind !== undefined) return kind;
  const embedded = embeddedAddress(address);
  return embedded === undefined ? "public" : classifyAddress(embedded);
}

/** The IPv4 address that an IPv6 address leads to, if it does. */
export function embeddedAddress(address: IpAddress): IpAddress | undefined {
  const embedding = embeddings.find(([block]) => blockContains(block, address));
  return embedding && { family: 4, bits: address.bits >> embedding[1] & 0xffff_ffffn };
}
