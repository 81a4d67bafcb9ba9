/** Addresses of neighbours of earlier runs, in `peers.json`: how a node finds its mesh again when nothing else is left. */

import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** More neighbours than this no node should have. */
const URLS_MAX = 64;

export class NeighbourCache {
  readonly #file: string;
  readonly #onError: (error: unknown) => void;
  #urls: readonly string[];

  /** `onError`: the file cannot be written; whoever adds an address has more important things to do then. */
  constructor(dataDir: string, onError: (error: unknown) => void) {
    this.#file = join(dataDir, "peers.json");
    this.#onError = onError;
    this.#urls = readUrls(this.#file);
  }

  get urls(): readonly string[] {
    return this.#urls;
  }

  /** Puts an address first. Never throws: a disk may be full in the moment in which a link comes up. */
  add(url: string): void {
    if (this.#urls[0] === url) return;
    this.#urls = [url, ...this.#urls.filter((known) => known !== url)].slice(0, URLS_MAX);
    try {
      this.#write();
    } catch (error) {
      this.#onError(error);
    }
  }

  /** Written beside the old file and renamed, so that a crash leaves one of the two. */
  #write(): void {
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
