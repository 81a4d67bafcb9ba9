/** IP addresses and blocks of them, as numbers that can be compared. */

export interface IpAddress {
  readonly family: 4 | 6;
  readonly bits: bigint;
}

/** Addresses that share their first `prefix` bits. */
export interface IpBlock extends IpAddress {
  readonly prefix: number;
}

/** Reads `10.0.0.1`, `::1`, `::ffff:10.0.0.1`, `fe80::1%eth0`; `undefined` for anything else. */
export function parseIpAddress(text: string): IpAddress | undefined {
  const bits4 = parseV4(text);
  if (bits4 !== undefined) return { family: 4, bits: bits4 };
  const bits6 = parseV6(text.split("%", 1)[0]);
  return bits6 === undefined ? undefined : { family: 6, bits: bits6 };
}

/** Reads `10.0.0.0/8`, or an address alone; `undefined` for anything else. */
export function parseIpBlock(text: string): IpBlock | undefined {
  const [start, length, ...rest] = text.split("/");
  const address = parseIpAddress(start);
  if (address === undefined || rest.length > 0 || (length !== undefined && !/^\d{1,3}$/.test(length))) return undefined;
  const widest = address.family === 4 ? 32 : 128;
  const prefix = length === undefined ? widest : Number(length);
  return prefix > widest ? undefined : { ...address, prefix };
}

export function blockContains(block: IpBlock, address: IpAddress): boolean {
  if (block.family !== address.family) return false;
  const shift = BigInt((block.family === 4 ? 32 : 128) - block.prefix);
  return block.bits >> shift === address.bits >> shift;
}

function parseV4(text: string): bigint | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const bytes = match.slice(1).map(Number);
  if (bytes.some((byte) => byte > 255)) return undefined;
  return bytes.reduce((bits, byte) => bits << 8n | BigInt(byte), 0n);
}

function parseV6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map(parseGroups);
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  const zeros = 8 - head.length - (tail?.length ?? 0);
  if (halves.length === 1 ? zeros !== 0 : zeros < 1) return undefined;
  const groups = [...head, ...Array(zeros).fill(0), ...(tail ?? [])];
  return groups.reduce((bits: bigint, group: number) => bits << 16n | BigInt(group), 0n);
}

/** Groups of 16 bits; the last may be written as an IPv4 address. */
function parseGroups(text: string): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    const v4 = index === parts.length - 1 ? parseV4(part) : undefined;
    if (v4 !== undefined) groups.push(Number(v4 >> 16n), Number(v4 & 0xffffn));
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(parseInt(part, 16));
    else return undefined;
  }
  return groups;
}
