/** An event as a line for people. */

import type { JsonEvent } from "../client/mod.ts";
import type { Paint } from "./paint.ts";
import { toPrintable } from "./paint.ts";

const contextAttributes = ["specversion", "id", "source", "type", "time", "datacontenttype", "data", "data_base64"];

/** Characters of data shown; the whole is there with `--json` and `--raw`. */
const DATA_CHARACTERS_MAX = 500;

export interface EventLine {
  readonly topic: string;
  readonly event: JsonEvent;
  /** When it came, RFC 3339; the event's own time if not given. */
  readonly at?: string;
}

/** `12:00:01.123 order.placed id=1 source=/shop {"total":42}`. */
export function renderEventLine({ topic, event, at }: EventLine, paint: Paint): string {
  const time = toClockText(at ?? event.time);
  const extensions = Object.entries(event)
    .filter(([name]) => !contextAttributes.includes(name) && !(name === "topic" && event.topic === topic))
    .map(([name, value]) => `${name}=${String(value)}`);
  const type = event.type === topic ? [] : [`type=${event.type}`];
  const attributes = [`id=${event.id}`, `source=${event.source}`, ...type, ...extensions].map(toPrintable).join(" ");
  const parts = [paint.dim(time), paint.bold(toPrintable(topic)), paint.dim(attributes), toDataText(event)];
  return parts.filter((part) => part !== "").join(" ");
}

/** The routing key, for who got the event without it: the extension `topic`, else the type. */
export function topicOf(event: JsonEvent): string {
  return typeof event.topic === "string" ? event.topic : event.type;
}

function toDataText({ data, data_base64 }: JsonEvent): string {
  if (data_base64 !== undefined) return `(${Math.floor(data_base64.replace(/=+$/, "").length * 3 / 4)} bytes)`;
  if (data === undefined) return "";
  const text = toPrintable(typeof data === "string" ? data : JSON.stringify(data));
  return text.length <= DATA_CHARACTERS_MAX ? text : `${text.slice(0, DATA_CHARACTERS_MAX)}…`;
}

/** The local time of day. */
function toClockText(time: unknown): string {
  const date = new Date(String(time));
  if (Number.isNaN(date.getTime())) return "";
  const part = (value: number, digits = 2) => String(value).padStart(digits, "0");
  const { h, m, s } = { h: part(date.getHours()), m: part(date.getMinutes()), s: part(date.getSeconds()) };
  return `${h}:${m}:${s}.${part(date.getMilliseconds(), 3)}`;
}
