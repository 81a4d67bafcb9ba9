/** Keys of the documents beside the log: levels joined by `/`. */

/** What kind of document it is. */
export function firstLevel(key: string): string {
  const end = key.indexOf("/");
  return end < 0 ? key : key.slice(0, end);
}

/** Throws `TypeError` for a key that a database would not give back as it is: with a NUL, or half of a surrogate pair. */
export function assertKey(key: string): void {
  if (key.isWellFormed() && !key.includes("\0")) return;
  throw new TypeError(
    `Cannot write document ${JSON.stringify(key)}: its key holds a NUL or half a character; use others`,
  );
}

/** The order of the keys as UTF-8 bytes, which is that of their code points; JavaScript's own is that of UTF-16. */
export function compareKeys(a: string, b: string): number {
  const [left, right] = [Array.from(a, codePoint), Array.from(b, codePoint)];
  const at = left.findIndex((unit, i) => unit !== right[i]);
  if (at < 0) return left.length - right.length;
  return left[at] - (right[at] ?? -1);
}

function codePoint(character: string): number {
  return character.codePointAt(0)!;
}

/** The key of a document about the events of a commit (see `StateChange.atPosition`). */
export function keyAtPosition(key: string, position: number): string {
  return `${key}/${String(position).padStart(16, "0")}`;
}
