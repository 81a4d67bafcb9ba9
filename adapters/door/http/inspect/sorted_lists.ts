/** Sorting and merging in steps, for lists that are too long to be handled at once. */

export interface SortedList<T> {
  readonly name: string;
  /** In the order of their keys. */
  readonly items: readonly T[];
  /** Index of the first that counts. */
  readonly from: number;
}

interface Cursor<T> {
  readonly list: SortedList<T>;
  index: number;
  key: string;
}

/** All items in order of key, then of the name of their list. */
export function* mergeSorted<T>(
  lists: readonly SortedList<T>[],
  keyOf: (item: T) => string,
): Generator<{ readonly name: string; readonly item: T }> {
  const heap = lists.filter(({ items, from }) => from < items.length)
    .map((list): Cursor<T> => ({ list, index: list.from, key: keyOf(list.items[list.from]) }))
    .sort((a, b) => isBefore(a, b) ? -1 : 1);
  while (heap.length > 0) {
    const [{ list, index }] = heap;
    yield { name: list.name, item: list.items[index] };
    advance(heap, keyOf);
  }
}

/** Sorts by key; yields after each step of about so many items. */
export function* sortInSteps<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  stepItems: number,
): Generator<undefined, readonly T[]> {
  const parts: SortedList<T>[] = [];
  for (let at = 0; at < items.length; at += stepItems) {
    const part = items.slice(at, at + stepItems).sort((a, b) => keyOf(a) < keyOf(b) ? -1 : 1);
    parts.push({ name: "", items: part, from: 0 });
    yield;
  }
  if (parts.length <= 1) return parts[0]?.items ?? [];
  const sorted: T[] = [];
  for (const { item } of mergeSorted(parts, keyOf)) {
    sorted.push(item);
    if (sorted.length % stepItems === 0) yield;
  }
  return sorted;
}

/** Moves the first cursor to its next item, and down to its place in the heap. */
function advance<T>(heap: Cursor<T>[], keyOf: (item: T) => string): void {
  let cursor = heap[0];
  const { items } = cursor.list;
  if (++cursor.index < items.length) cursor.key = keyOf(items[cursor.index]);
  else {
    const last = heap.pop()!;
    if (heap.length === 0) return;
    cursor = last;
  }
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
    if (!isBefore(heap[child], cursor)) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = cursor;
}

function isBefore<T>(a: Cursor<T>, b: Cursor<T>): boolean {
  return a.key === b.key ? a.list.name < b.list.name : a.key < b.key;
}
