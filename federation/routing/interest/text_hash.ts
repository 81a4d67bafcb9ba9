/** 32 bits that stand for a text, the same on every runtime and in every version: no proof against who chooses texts. */

/** FNV-1a over UTF-16 units with the finaliser of MurmurHash3, so that all bits depend on all units. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
