/**
 * Sets of event numbers that stay small however many numbers they hold: what a cluster has of another one's events, and
 * what is still to be heard of.
 *
 * @module
 */

export { decodeIntervals, encodeIntervals, INTERVALS_MAX } from "./interval_codec.ts";
export { type Interval, IntervalSet } from "../../node/mod.ts";
