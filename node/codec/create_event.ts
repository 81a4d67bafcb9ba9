/** Builds an event from parts that are already apart: for programs, and for protocols that bring their own encoding. */

import type { AttributeValue, CloudEvent, DataForm } from "../event.ts";
import { createAttributeBag } from "./attribute_bag.ts";
import { checkAttributeName, checkAttributeValue, checkRequired } from "./attribute_rules.ts";

export interface EventParts {
  /** Context attributes; `undefined` ones are left out. `specversion` is "1.0" if it is not given. */
  readonly attributes: Readonly<Record<string, AttributeValue | undefined>>;
  /** Kept, not copied. */
  readonly data?: Uint8Array;
  /** Default: `binary`. With `json` the caller vouches that `data` is one JSON value in UTF-8. */
  readonly dataForm?: DataForm;
}

/** An event under the same rules as a decoded one. Throws `CodecError`. */
export function createEvent(parts: EventParts): CloudEvent {
  const attributes = createAttributeBag();
  attributes.specversion = "1.0";
  for (const [name, value] of Object.entries(parts.attributes)) {
    if (value === undefined) continue;
    checkAttributeName(name);
    checkAttributeValue(name, value);
    attributes[name] = value;
  }
  checkRequired(attributes);
  const { data } = parts;
  return { attributes, data, dataForm: data === undefined ? undefined : parts.dataForm ?? "binary" };
}
