/** A file system of a few megabytes, to be filled. */

import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { tempDir } from "./temp_dir.ts";

export interface SmallDisk extends Disposable {
  readonly path: string;
  /** Leaves no room at all. */
  fill(): void;
  /** Takes away what `fill()` has put there. */
  clear(): void;
}

/** Mounts a tmpfs; throws when this user may not. */
export function mountSmallDisk(megabytes: number): SmallDisk {
  const dir = tempDir();
  const { status, stderr } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "weft-test", dir.path]);
  if (status !== 0) {
    dir.dispose();
    throw new Error(`Cannot mount a tmpfs: ${stderr}; run as root where mounting is allowed`);
  }
  const filler = join(dir.path, "filler");
  return {
    path: dir.path,
    fill: () => fill(filler),
    clear: () => rmSync(filler),
    [Symbol.dispose]: () => {
      spawnSync("umount", ["--lazy", dir.path]);
      dir.dispose();
    },
  };
}

/** Why no small disk can be had here, as the end of a test's title; `undefined` when one can. */
export function smallDiskAbsence(): string | undefined {
  try {
    using _disk = mountSmallDisk(1);
    return undefined;
  } catch {
    return " (mounting a tmpfs is not allowed here)";
  }
}

function fill(path: string): void {
  for (const bytes of [1024 * 1024, 4096]) {
    try {
      for (;;) writeFileSync(path, new Uint8Array(bytes), { flag: "a" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
  }
}
