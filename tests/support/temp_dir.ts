/** A directory for one test. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TempDir extends Disposable {
  readonly path: string;
  dispose(): void;
}

/** Makes an empty directory that is removed, with what is in it, on `dispose()`. */
export function tempDir(): TempDir {
  const path = mkdtempSync(join(tmpdir(), "weft-"));
  const dispose = () => rmSync(path, { recursive: true, force: true });
  return { path, dispose, [Symbol.dispose]: dispose };
}
