/** Logs to standard error: for people on a terminal, one JSON object a line elsewhere. Secrets never get there. */

import process from "node:process";

import { configureSync, getJsonLinesFormatter, getLogger, type Logger, type LogRecord } from "@logtape/logtape";
import { getPrettyFormatter } from "@logtape/pretty";

import { isSecretName, REDACTED, redactSecrets, redactText } from "./redact.ts";

export type { Logger };

export interface LoggerOptions {
  /** The least that is written. */
  readonly level: "trace" | "debug" | "info" | "warning" | "error" | "fatal";
  /** Default: `pretty` on a terminal, else `json`. */
  readonly format?: "pretty" | "json";
  /** Default: standard error; standard output belongs to data and to the line that says that the node is ready. */
  readonly write?: (line: string) => void;
}

/** Root of our categories; a subsystem logs below it: `logger.getChild("http")`. */
const CATEGORY = "weft";

/** Sets up logging for the process; a second call replaces the first. */
export function createLogger(options: LoggerOptions): Logger {
  const format = toFormatter(options.format ?? (process.stderr.isTTY ? "pretty" : "json"));
  const write = options.write ?? writeToStandardError;
  configureSync({
    reset: true,
    sinks: { lines: (record) => write(format(redactRecord(record))) },
    loggers: [
      { category: CATEGORY, lowestLevel: options.level, sinks: ["lines"] },
      // What the library says of itself: only trouble, and through the same door.
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["lines"] },
    ],
  });
  return getLogger(CATEGORY);
}

/** The record with every value in it cleaned, and the text around the values as well. */
export function redactRecord(record: LogRecord): LogRecord {
  const { rawMessage, properties } = record;
  // A value that stands in the message no longer has its name there.
  const secrets = new Set(Object.entries(properties).filter(([name]) => isSecretName(name)).map(([, value]) => value));
  return {
    ...record,
    message: record.message.map((part) => secrets.has(part) ? REDACTED : redactSecrets(part)),
    rawMessage: typeof rawMessage === "string" ? redactText(rawMessage) : rawMessage,
    properties: redactSecrets(record.properties) as Record<string, unknown>,
  };
}

function toFormatter(format: "pretty" | "json"): (record: LogRecord) => string {
  if (format === "json") return getJsonLinesFormatter({ categorySeparator: ".", message: "rendered" });
  // https://no-color.org
  const colors = process.stderr.isTTY === true && !process.env.NO_COLOR;
  return getPrettyFormatter({ timestamp: "time", colors, icons: false, properties: true });
}

function writeToStandardError(line: string): void {
  process.stderr.write(line);
}
