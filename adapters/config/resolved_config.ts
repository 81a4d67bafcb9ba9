/** What a node runs with: every default filled in, sizes in bytes, durations in ms. Names are the paths of the file. */

import type * as v from "valibot";

import type { ConfigSchema } from "./config_schema.ts";

export type ResolvedConfig = Omit<v.InferOutput<typeof ConfigSchema>, "$schema">;
