/** A NATS client that sends one operation after another, and writes down what a server answers, whichever it is. */

import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";

import { eventually } from "../../support/eventually.ts";

export interface Step {
  readonly client: number;
  readonly text: string;
}

/** What a client heard. Messages by subscription: which of two subscriptions hears first is nobody's promise. */
export interface Heard {
  /** `+OK`, `-ERR …` and `PONG`, in order; `closed` at the end if it was. */
  readonly answers: string[];
  readonly messages: Record<string, string[]>;
}

/** Answers of these kinds are the server's own business. */
const IGNORED = /^(INFO|PING)/;

export class ScriptedClient {
  readonly heard: Heard = { answers: [], messages: {} };
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #pongs = 0;
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (data) => {
      this.#received = Buffer.concat([this.#received, data]);
      while (this.#readOne());
    });
    socket.on("error", () => undefined); // servers close with data unread
    socket.on("close", () => this.#closed = true);
  }

  static async connect(port: number): Promise<ScriptedClient> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return new ScriptedClient(socket);
  }

  /** Sends an operation, then PING; waits for the answers of both, or for the end. */
  async step(text: string): Promise<void> {
    if (this.#closed) return;
    const own = /^ping/i.test(text) ? 2 : 1;
    const pongs = this.#pongs + own;
    this.#socket.write(text);
    this.#socket.write("PING\r\n");
    await eventually(() => this.#pongs >= pongs || this.#closed, { intervalMs: 1 });
    if (this.#closed) this.heard.answers.push("closed");
  }

  close(): void {
    this.#socket.destroy();
  }

  #readOne(): boolean {
    const end = this.#received.indexOf("\r\n");
    if (end < 0) return false;
    const line = this.#received.toString("latin1", 0, end);
    const message = /^(H?)MSG (\S+) (\S+) (?:(\S+) )??(?:(\d+) )?(\d+)$/.exec(line);
    if (message === null) {
      this.#received = this.#received.subarray(end + 2);
      if (line === "PONG") this.#pongs++;
      if (!IGNORED.test(line)) this.heard.answers.push(line);
      return true;
    }
    return this.#readMessage(line, end + 2);
  }

  #readMessage(line: string, at: number): boolean {
    const words = line.split(" ");
    const size = Number(words.at(-1));
    if (this.#received.length < at + size + 2) return false;
    const withHeaders = words[0] === "HMSG";
    const [, subject, sid] = words;
    const reply = words.length === (withHeaders ? 6 : 5) ? words[3] : "-";
    const headerBytes = withHeaders ? Number(words.at(-2)) : 0;
    const block = this.#received.toString("latin1", at, at + headerBytes);
    const payload = this.#received.toString("latin1", at + headerBytes, at + size);
    this.#received = this.#received.subarray(at + size + 2);
    // Events have ce-* headers here and those of the publisher there; what is no event keeps its own.
    const isEvent = !/^(_INBOX|\$)/.test(subject);
    (this.heard.messages[sid] ??= []).push(`${subject} ${reply} ${isEvent ? "" : block}${payload}`);
    return true;
  }
}
