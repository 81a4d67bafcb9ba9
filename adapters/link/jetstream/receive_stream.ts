/**
 * A JetStream stream that takes the frames of one peer and lane. Frames are published with the last sequence that the
 * sender expects; JetStream itself acknowledges them, and refuses replays (10071), gaps (10071) and what does not fit (10077).
 */

import type { NatsClient } from "../nats/mod.ts";

import { FrameReader, type ReadFramesOptions } from "./frame_reader.ts";
import { askJetStream, JetStreamError } from "./jet_stream_api.ts";

export interface ReceiveStreamOptions {
  readonly federation: string;
  /** Cluster that the frames come from. */
  readonly from: string;
  /** Cluster that receives them. */
  readonly to: string;
  readonly lane: string;
  /** Copies that JetStream keeps: 1, 3 or 5. Higher survives more servers, and each frame waits for more of them. */
  readonly replicas: number;
  /** Frames that are not released yet: beyond, the stream refuses, and the sender waits. */
  readonly bytesMax: number;
  /** How long JetStream may take to answer about the stream. */
  readonly timeoutMs: number;
}

interface StreamInfo {
  readonly state: { readonly first_seq: number; readonly last_seq: number; readonly messages: number };
}

/** JetStream's number for a stream of that name that differs. */
const EXISTS_WITH_OTHER_CONFIG = 10058;

/** Makes the stream, or takes it as it is after giving it these limits. Rejects where JetStream refuses or is not there. */
export async function openReceiveStream(client: NatsClient, options: ReceiveStreamOptions): Promise<ReceiveStream> {
  const stream = new ReceiveStream(client, options);
  await stream.configure(options);
  return stream;
}

export class ReceiveStream {
  /** Where frames are published. */
  readonly subject: string;
  readonly name: string;
  readonly #client: NatsClient;
  readonly #timeoutMs: number;
  #released = 0;
  #toRelease = 0;
  #releasing: Promise<void> | undefined;

  constructor(client: NatsClient, { federation, from, to, lane, timeoutMs }: ReceiveStreamOptions) {
    this.#client = client;
    this.#timeoutMs = timeoutMs;
    this.subject = `weft.v1.${federation}.rx.${from}.${to}.${lane}`;
    this.name = `WEFT_RX_${federation}_${from}_${to}_${lane}`;
  }

  /** Creates the stream or updates its limits. */
  async configure({ replicas, bytesMax }: { readonly replicas: number; readonly bytesMax: number }): Promise<void> {
    const config = {
      name: this.name,
      subjects: [this.subject],
      storage: "file",
      retention: "limits",
      // Full means refused, never that an acknowledged frame goes.
      discard: "new",
      max_bytes: bytesMax,
      num_replicas: replicas,
    };
    try {
      await this.#ask("CREATE", config);
    } catch (error) {
      if (!(error instanceof JetStreamError && error.errCode === EXISTS_WITH_OTHER_CONFIG)) throw error;
      await this.#ask("UPDATE", config);
    }
  }

  /** Sequence of the last frame that the stream ever took; it stays when frames are released, and over restarts. */
  async lastSequence(): Promise<number> {
    return (await this.#ask<StreamInfo>("INFO", {})).state.last_seq;
  }

  /** Frames that wait to be released. */
  async held(): Promise<number> {
    return (await this.#ask<StreamInfo>("INFO", {})).state.messages;
  }

  /** Hands frames on, in order, from the one after `after` on, those that are there and those that come. */
  read(options: Omit<ReadFramesOptions, "stream">): FrameReader {
    return new FrameReader(this.#client, { ...options, stream: this.name });
  }

  /**
   * Lets go of frames up to `sequence`, which were handed on: the caller has made durable what is in them. Calls while
   * JetStream works on one are joined. Rejects where it refuses; the frames then stay, and the next call takes them along.
   */
  release(sequence: number): Promise<void> {
    this.#toRelease = Math.max(this.#toRelease, sequence);
    return this.#releasing ??= this.#releaseAll().finally(() => this.#releasing = undefined);
  }

  async #releaseAll(): Promise<void> {
    while (this.#released < this.#toRelease) {
      const upTo = this.#toRelease;
      await this.#ask("PURGE", { seq: upTo + 1 });
      this.#released = upTo;
    }
  }

  #ask<Answer = unknown>(verb: "CREATE" | "UPDATE" | "INFO" | "PURGE", body: unknown): Promise<Answer> {
    return askJetStream<Answer>(this.#client, `STREAM.${verb}.${this.name}`, body, { timeoutMs: this.#timeoutMs });
  }
}
