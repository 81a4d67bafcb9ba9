/** Reads a response's body without trusting its size. */

export interface BoundedBody {
  /** At most `bytesMax` bytes. */
  readonly bytes: Uint8Array;
  /** Whether there was more. */
  readonly truncated: boolean;
}

const nothing: BoundedBody = { bytes: new Uint8Array(0), truncated: false };

/** Reads at most `bytesMax` bytes and gives the rest up. Reading to the end lets the connection be used again. */
export async function readBody(response: Response, bytesMax: number): Promise<BoundedBody> {
  if (response.body === null || response.headers.get("content-length") === "0") return nothing;
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = response.body.getReader();
  while (length <= bytesMax) {
    const { done, value } = await reader.read();
    if (done) return { bytes: join(chunks, length), truncated: false };
    chunks.push(value);
    length += value.length;
  }
  await reader.cancel();
  return { bytes: join(chunks, length).subarray(0, bytesMax), truncated: true };
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1) return chunks[0];
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
