/** What several messages say in the same way. */

import * as v from "valibot";

import { isName } from "./names.ts";

/** Of a federation, cluster or node. */
export const NameSchema = v.custom<string>(isName);

/** A whole number from 0 that is exact. */
export const WholeSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
