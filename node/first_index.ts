/** Binary search. */

/** Index of the first item of a list that fits, where all after it do; the list's length when none does. */
export function firstIndex<Item>(list: readonly Item[], fits: (item: Item) => boolean): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (fits(list[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}
