/** The version of this program, as it tells it to people and peers. */

import manifest from "../package.json" with { type: "json" };

export const VERSION: string = manifest.version;
