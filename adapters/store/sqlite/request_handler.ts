/** Answers the requests of a store, whichever thread they are answered in. */

import { LogWriter } from "./log_writer.ts";
import { SchemaError } from "./schema.ts";
import { isDamaged, isDiskFull, messageOf } from "./sqlite_errors.ts";
import type { WriterFailure, WriterReply, WriterRequest } from "./writer_protocol.ts";

/** Takes requests one by one, the first of which must open the file; every one is answered, failures too. */
export class RequestHandler {
  #writer: LogWriter | undefined;

  answer(request: WriterRequest): WriterReply {
    try {
      return this.#handle(request);
    } catch (error) {
      return toFailure(request, error);
    }
  }

  #handle(request: WriterRequest): WriterReply {
    switch (request.type) {
      case "open":
        this.#writer = new LogWriter(request);
        return this.#writer.opened;
      case "commit":
        return { type: "done", state: this.#writer!.commit(request), more: false };
      case "retain":
        return { type: "done", ...this.#writer!.retain(request) };
      case "reclaim":
        return { type: "done", ...this.#writer!.reclaim(request) };
      case "close":
        this.#writer!.close(request);
        return { type: "closed" };
      default:
        return request satisfies never;
    }
  }
}

function toFailure(request: WriterRequest, error: unknown): WriterFailure {
  const message = messageOf(error);
  if (isDiskFull(error)) return { type: "failed", reason: "full", message };
  if (request.type === "open" && isDamaged(error)) {
    const way = 'restore a backup with "weft restore", or move the file away to begin with an empty log';
    return { type: "failed", reason: "refused", message: `its file is damaged (${message}); ${way}` };
  }
  const reason = error instanceof SchemaError ? "refused" : "broken";
  return { type: "failed", reason, message };
}
