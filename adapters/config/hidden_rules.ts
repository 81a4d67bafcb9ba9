/** Rules that never hold, since an earlier rule of their list takes every topic that fits them. */

import { patternCovers } from "../../node/mod.ts";

import { locate } from "./check_config.ts";
import type { Layer } from "./layer.ts";
import type { ResolvedConfig } from "./resolved_config.ts";

/** One warning for each such rule of `traffic` and `retention`. */
export function warnOfHiddenRules(config: ResolvedConfig, layers: readonly Layer[]): readonly string[] {
  return (["traffic", "retention"] as const).flatMap((list) => {
    const patterns = config[list].map(({ pattern }) => pattern);
    return patterns.flatMap((pattern, index) => {
      const first = patterns.findIndex((wide) => patternCovers(wide, pattern));
      if (first >= index) return []; // each covers itself
      const path = `${list}[${index}]`;
      return [
        `${path} (${locate(layers, path)}) never holds: "${pattern}" is within "${patterns[first]}" of ` +
        `${list}[${first}], and the first rule that fits holds; put it before that one, or leave it out`,
      ];
    });
  });
}
