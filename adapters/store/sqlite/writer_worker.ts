/** The thread that writes: takes requests one by one and answers each. See docs/decisions/0001-store-writes-in-a-worker.md. */

import { LogWriter } from "./log_writer.ts";
import { SchemaError } from "./schema.ts";
import { isDamaged, isDiskFull, messageOf } from "./sqlite_errors.ts";
import type { WriterFailure, WriterReply, WriterRequest } from "./writer_protocol.ts";

let writer: LogWriter | undefined;

self.onmessage = ({ data }: MessageEvent<WriterRequest>) => {
  self.postMessage(answer(data));
};

function answer(request: WriterRequest): WriterReply {
  try {
    return handle(request);
  } catch (error) {
    return toFailure(request, error);
  }
}

function handle(request: WriterRequest): WriterReply {
  switch (request.type) {
    case "open":
      writer = new LogWriter(request);
      return writer.opened;
    case "commit":
      return { type: "done", state: writer!.commit(request), more: false };
    case "retain":
      return { type: "done", ...writer!.retain(request) };
    case "close":
      writer!.close(request);
      return { type: "closed" };
    default:
      return request satisfies never;
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
