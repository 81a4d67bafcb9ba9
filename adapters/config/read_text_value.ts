/** The value that a text from the environment or a flag stands for. */

import type { ValueKind } from "./value_types.ts";

/** What cannot be read stays text: the schema then says what it should have been. */
export function readTextValue(text: string, kind: ValueKind): unknown {
  switch (kind) {
    case "integer":
      return /^-?\d+$/.test(text.trim()) ? Number(text) : text;
    case "boolean":
      return readBoolean(text.trim().toLowerCase()) ?? text;
    case "texts":
      return text.split(",").map((item) => item.trim()).filter((item) => item !== "");
    case "json":
      return readJson(text);
    case "text":
    case "bytes":
    case "duration":
      return text;
    default:
      return kind satisfies never;
  }
}

function readBoolean(text: string): boolean | undefined {
  if (["true", "1", "yes", "on"].includes(text)) return true;
  return ["false", "0", "no", "off"].includes(text) ? false : undefined;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
