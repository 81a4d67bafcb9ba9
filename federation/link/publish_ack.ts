/** The answer to a frame: JetStream's publish acknowledgement, so that a sender cannot tell a node from a stream (ADR-1, ADR-28). */

/** What became of a frame. */
export type FrameAnswer =
  /** It, and everything before it, is durable at the receiver; `alone`: a stream says it of this frame only. */
  | { readonly type: "accepted"; readonly sequence: number; readonly alone?: boolean }
  /** The receiver is elsewhere: it has everything up to `last` of that link epoch. */
  | { readonly type: "wrongSequence"; readonly last: number; readonly linkEpoch: number | undefined }
  /** There is no room now. */
  | { readonly type: "full"; readonly detail: string }
  /** The frame cannot be read or may not be: sending it again would not help. */
  | { readonly type: "refused"; readonly code: string; readonly detail: string };

/** Error codes of JetStream that a receiver of ours uses too. */
const WRONG_LAST_SEQUENCE = 10071;
const STORE_FULL = 10077;
const REFUSED = 10140;

/** What a node calls itself where JetStream names the stream. */
const NODE = "rx";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeAnswer(answer: FrameAnswer): Uint8Array {
  return encoder.encode(JSON.stringify(toJson(answer)));
}

function toJson(answer: FrameAnswer): unknown {
  switch (answer.type) {
    case "accepted":
      return { stream: answer.alone ? "" : NODE, seq: answer.sequence };
    case "wrongSequence":
      return error(400, WRONG_LAST_SEQUENCE, `wrong last sequence: ${answer.last}`, { link_epoch: answer.linkEpoch });
    case "full":
      return error(503, STORE_FULL, answer.detail);
    case "refused":
      return error(400, REFUSED, answer.detail, { reason: answer.code });
  }
  throw answer satisfies never;
}

function error(code: number, errCode: number, description: string, more: object = {}): unknown {
  return { error: { code, err_code: errCode, description, ...more } };
}

/** Anything that is no answer counts as a refusal: the sender then says so and closes its link epoch. */
export function decodeAnswer(bytes: Uint8Array): FrameAnswer {
  const json = parse(bytes);
  if (json === undefined) return unreadable("it is no JSON object");
  if (json.error === undefined) {
    if (!isCount(json.seq)) return unreadable("it has no sequence");
    return { type: "accepted", sequence: json.seq, ...(json.stream !== NODE && { alone: true }) };
  }
  const { err_code, description, link_epoch, reason } = json.error;
  const detail = typeof description === "string" ? description : "no description";
  if (err_code === WRONG_LAST_SEQUENCE) {
    const last = Number(/(\d+)\s*$/.exec(detail)?.[1]);
    if (!isCount(last)) return unreadable(`wrong last sequence without one: ${detail}`);
    return { type: "wrongSequence", last, linkEpoch: isCount(link_epoch) ? link_epoch : undefined };
  }
  if (err_code === STORE_FULL || json.error.code === 503) return { type: "full", detail };
  return { type: "refused", code: typeof reason === "string" ? reason : "REFUSED", detail };
}

interface AnswerJson {
  readonly stream?: unknown;
  readonly seq?: unknown;
  readonly error?: {
    readonly code?: unknown;
    readonly err_code?: unknown;
    readonly description?: unknown;
    readonly link_epoch?: unknown;
    readonly reason?: unknown;
  };
}

function parse(bytes: Uint8Array): AnswerJson | undefined {
  try {
    const json = JSON.parse(decoder.decode(bytes));
    if (typeof json !== "object" || json === null) return undefined;
    if (json.error !== undefined && (typeof json.error !== "object" || json.error === null)) return undefined;
    return json;
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function unreadable(why: string): FrameAnswer {
  return { type: "refused", code: "ANSWER_UNREADABLE", detail: `the answer to a frame cannot be read: ${why}` };
}
