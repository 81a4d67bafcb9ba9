/** Limits what the headers of a request may weigh. */

import { RefusedError } from "../../../../node/mod.ts";

/** Throws `RefusedError` (`HEADERS_TOO_LARGE`) when names and values have more bytes than `bytesMax`. */
export function checkHeadersSize(headers: Headers, bytesMax: number): void {
  let bytes = 0;
  // Values are byte strings (RFC 9110 §5.5): a character is a byte.
  headers.forEach((value, name) => bytes += name.length + value.length);
  if (bytes <= bytesMax) return;
  throw new RefusedError(
    "HEADERS_TOO_LARGE",
    `Cannot read headers: they have ${bytes} bytes, more than limits.headersBytes ${bytesMax}; send less, or raise the limit`,
    { limit: bytesMax },
  );
}
