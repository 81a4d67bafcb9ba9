/** What a client says of itself with CONNECT. */

/** Members as nats-server reads them, with its defaults; what has another type than it should is left out. */
export interface ConnectOptions {
  readonly verbose: boolean;
  readonly pedantic: boolean;
  readonly echo: boolean;
  readonly headers: boolean;
  readonly noResponders: boolean;
  readonly protocol: number;
  readonly name: string | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly token: string | undefined;
  readonly nkey: string | undefined;
  readonly signature: string | undefined;
}

/** What holds before a client says anything: nats-server's defaults. */
export const UNNAMED: ConnectOptions = readMembers({});

/** `undefined` when the text is no JSON object. */
export function parseConnect(text: string): ConnectOptions | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return readMembers(value as Readonly<Record<string, unknown>>);
  } catch {
    return undefined;
  }
}

function readMembers(members: Readonly<Record<string, unknown>>): ConnectOptions {
  const flag = (name: string, fallback: boolean) => typeof members[name] === "boolean" ? members[name] : fallback;
  const text = (name: string) => typeof members[name] === "string" ? members[name] : undefined;
  return {
    verbose: flag("verbose", true),
    pedantic: flag("pedantic", true),
    echo: flag("echo", true),
    headers: flag("headers", false),
    noResponders: flag("no_responders", false),
    protocol: typeof members.protocol === "number" ? members.protocol : 0,
    name: text("name"),
    user: text("user"),
    password: text("pass"),
    token: text("auth_token"),
    nkey: text("nkey"),
    signature: text("sig"),
  };
}
