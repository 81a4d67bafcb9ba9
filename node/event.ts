/** The event: a CloudEvents 1.0 event, kept as it came in. */

/**
 * The value of a context attribute. Only what JSON can tell apart is told apart: a CloudEvents Integer is a `number`
 * (−2³¹ … 2³¹−1) and a Boolean a `boolean`; String, URI, Timestamp and Binary are the very string that came in, so that
 * nanoseconds, time-zone offsets and unknown extensions leave as they arrived (CloudEvents 1.0 §2 "Type System").
 */
export type AttributeValue = string | number | boolean;

/**
 * How the payload was given, so that a structured event leaves in the form in which it came:
 * `json`: `data` holds the raw JSON text of a structured event's `data` member, bytes untouched;
 * `text`: a structured event's `data` was a JSON string and its media type is not JSON: `data` holds that string as UTF-8;
 * `binary`: bytes of a binary-mode body or of `data_base64`, whatever their media type.
 */
export type DataForm = "json" | "text" | "binary";

/** A CloudEvents 1.0 event. Frozen by convention: nobody writes to it after it was decoded. */
export interface CloudEvent {
  /**
   * Every context attribute, in the order of arrival: `specversion`, `id`, `source`, `type` always, the rest when set.
   * The object has no prototype, so any attribute name is only ever data.
   */
  readonly attributes: EventAttributes;
  /** The payload. `undefined` is "no data"; an empty array is "data of length nought": the two are not the same. */
  readonly data: Uint8Array | undefined;
  /** How `data` was given; `undefined` exactly when `data` is. */
  readonly dataForm: DataForm | undefined;
}

/** Context attributes by name; the four that CloudEvents requires are always there. */
export interface EventAttributes {
  readonly specversion: string;
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly [name: string]: AttributeValue;
}
