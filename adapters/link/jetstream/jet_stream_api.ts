/** Requests to JetStream's API: JSON over NATS subjects (ADR-1 of nats-architecture-and-design). */

import type { NatsClient } from "../nats/mod.ts";

/** JetStream refused a request. */
export class JetStreamError extends Error {
  /** JetStream's own number for it: 10059 there is no such stream, 10071 wrong last sequence, 10077 full. */
  readonly errCode: number;

  constructor(subject: string, { description, errCode }: { description: string; errCode: number }) {
    super(`Cannot ask JetStream "${subject}": ${description} (${errCode})`);
    this.name = "JetStreamError";
    this.errCode = errCode;
  }
}

/** The answer of JetStream's API at `$JS.API.<name>`. Rejects with `JetStreamError` where it refuses. */
export async function askJetStream<Answer>(
  client: NatsClient,
  name: string,
  body: unknown,
  { timeoutMs }: { readonly timeoutMs: number },
): Promise<Answer> {
  const subject = `$JS.API.${name}`;
  const bytes = await request(client, subject, { body: new TextEncoder().encode(JSON.stringify(body)), timeoutMs });
  const answer = JSON.parse(new TextDecoder().decode(bytes));
  if (answer.error === undefined) return answer;
  const { description, err_code } = answer.error;
  throw new JetStreamError(subject, { description: String(description), errCode: Number(err_code) });
}

function request(
  client: NatsClient,
  subject: string,
  { body, timeoutMs }: { body: Uint8Array; timeoutMs: number },
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const fail = (state: string) => reject(new Error(`Cannot ask JetStream "${subject}": ${state}`));
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs} ms; its cluster may have no leader`), timeoutMs);
    client.request(subject, body, {}, (answer) => {
      clearTimeout(timer);
      if (answer === undefined) fail("nobody answers; enable JetStream on that nats-server");
      else resolve(answer);
    });
  });
}
