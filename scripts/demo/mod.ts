/**
 * The demonstration: five clusters in a ring, what it does to them, and how it tells of it.
 *
 * @module
 */

export { Narrator } from "./narrator.ts";
export { Ring } from "./ring.ts";
export { tellStory } from "./story.ts";
