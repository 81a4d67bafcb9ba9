/** Addresses of neighbours of earlier runs, in `peers.json`: how a node finds its mesh again when nothing else is left. */

import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** More neighbours than this no node should have. */
const URLS_MAX = 64;

export class NeighbourCache {
  readonly #file: string;
  #urls: readonly string[];

  constructor(dataDir: string) {
    this.#file = join(dataDir, "peers.json");
    this.#urls = readUrls(this.#file);
  }

  get urls(): readonly string[] {
    return this.#urls;
  }

  /** Puts an address first. Written beside the old file and renamed, so that a crash leaves one of the two. */
  add(url: string): void {
    if (this.#urls[0] === url) return;
    this.#urls = [url, ...this.#urls.filter((known) => known !== url)].slice(0, URLS_MAX);
    mkdirSync(join(this.#file, ".."), { recursive: true });
    const beside = `${this.#file}.new`;
    writeFileSync(beside, JSON.stringify({ urls: this.#urls }, undefined, 2) + "\n");
    renameSync(beside, this.#file);
  }
}

/** A file that is missing or damaged is an empty cache: it only makes finding others slower. */
function readUrls(file: string): readonly string[] {
  try {
    const { urls } = JSON.parse(readFileSync(file, "utf8"));
    return Array.isArray(urls) ? urls.filter((url): url is string => typeof url === "string").slice(0, URLS_MAX) : [];
  } catch {
    return [];
  }
}
