/** The thread that writes. See docs/decisions/0001-store-writes-in-a-worker.md. */

import { RequestHandler } from "./request_handler.ts";
import type { WriterRequest } from "./writer_protocol.ts";

const handler = new RequestHandler();

self.onmessage = ({ data }: MessageEvent<WriterRequest>) => {
  self.postMessage(handler.answer(data));
};
