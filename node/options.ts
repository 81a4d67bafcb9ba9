/** What a node is told when it is made. */

export interface NodeOptions {
  /** Name of this node; matches `^[a-z0-9][a-z0-9-]{0,62}$`, as the two below. */
  readonly id: string;
  /** Name of the cluster: with an embedded store, of this node alone. */
  readonly cluster: string;
  readonly federation: string;
  /** Largest event, in bytes of attributes and data. Higher costs memory in every queue. Default 1 MiB. */
  readonly eventBytesMax?: number;
  /** Longest topic, in bytes. Default 255. */
  readonly topicBytesMax?: number;
  /** How long, and for how many ids, a repeated publish is recognised. Default 10 minutes, 1,048,576 ids. */
  readonly publishWindow?: { readonly idsMax: number; readonly ageMs: number };
}

export const PUBLISH_WINDOW_DEFAULT = { idsMax: 1_048_576, ageMs: 600_000 };
export const EVENT_BYTES_DEFAULT = 1024 * 1024;
