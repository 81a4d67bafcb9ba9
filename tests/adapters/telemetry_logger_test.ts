/** Logs: where they go, what they look like, what they leave out. */

import { describe, expect, it } from "bun:test";

import { createLogger, logError, type LoggerOptions } from "../../adapters/telemetry/mod.ts";
import { StoreFullError } from "../../node/mod.ts";

function open(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const logger = createLogger({ level: "info", format: "json", write: (line) => void lines.push(line), ...options });
  return { logger, lines };
}

describe("createLogger()", () => {
  it("writes one JSON object a line, with category and properties", () => {
    const { logger, lines } = open();
    logger.getChild("http").info("Listening on {port}", { port: 7700 });
    expect(lines).toHaveLength(1);
    expect(lines[0].endsWith("\n")).toBe(true);
    expect(JSON.parse(lines[0])).toMatchObject({
      level: "INFO",
      logger: "weft.http",
      message: "Listening on 7700",
      properties: { port: 7700 },
    });
  });

  it("leaves out what is below the level", () => {
    const { logger, lines } = open({ level: "warning" });
    logger.info("too little");
    logger.warn("enough");
    expect(lines).toHaveLength(1);
  });

  it("lets no secret through, neither in the message nor in properties nor in errors", () => {
    for (const format of ["json", "pretty"] as const) {
      const { logger, lines } = open({ format });
      logger.info("Got {token} of {who}", { token: "s3cret", who: "alice" });
      logger.error("Cannot dial {url}: {error}", { url: "nats://a:s3cret@x", error: new Error("Bearer s3cret") });
      logger.warn("Header Bearer s3cret refused");
      expect(lines.join("")).toContain("alice");
      expect(lines.join("")).not.toContain("s3cret");
    }
  });

  it("says what went wrong, with the stack, when an error is logged", () => {
    const { logger, lines } = open();
    logger.error("Cannot deliver", { error: new TypeError("no route") });
    const { error } = JSON.parse(lines[0]).properties;
    expect(error).toMatchObject({ name: "TypeError", message: "no route" });
    expect(error.stack).toContain("telemetry_logger_test");
  });

  it("says a full store as a warning, without a stack", () => {
    const { logger, lines } = open();
    logError(logger, new StoreFullError("Cannot store event: no room", { full: "cap", retryAfterMs: 1000 }));
    expect(JSON.parse(lines[0])).toMatchObject({ level: "WARN", message: "Cannot store event: no room" });
    expect(JSON.parse(lines[0]).properties).toEqual({ code: "STORE_FULL" });
  });

  it("says an error that nobody waits for in a line, braces and all, without its secrets", () => {
    const { logger, lines } = open();
    logError(logger, new RangeError('Cannot read {"token"}: Bearer s3cret'));
    const { message, level, properties } = JSON.parse(lines[0]);
    expect(message).toMatch(/^RangeError: Cannot read \{"token"\}: /);
    expect([level, properties.error.name]).toEqual(["ERROR", "RangeError"]);
    expect(lines[0]).not.toContain("s3cret");
  });

  it("replaces an earlier logger of the process", () => {
    const first = open();
    const second = open();
    first.logger.info("once");
    expect([first.lines.length, second.lines.length]).toEqual([0, 1]);
  });
});
