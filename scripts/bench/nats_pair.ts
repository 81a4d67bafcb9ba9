/** Two nats-servers, the second a leaf node of the first: what a hop is compared with. */

import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";

import { eventually } from "../../tests/support/eventually.ts";
import { freePort } from "../../tests/support/free_port.ts";
import { natsBinary } from "../../tests/support/nats_binary.ts";
import { BareNatsClient } from "./bare_nats_client.ts";
import { TemporaryDirectory } from "./child_process.ts";

export interface NatsPair extends AsyncDisposable {
  readonly hub: string;
  readonly leaf: string;
}

/** `undefined` without a nats-server on this machine. Nothing is kept by either. */
export async function startNatsPair(): Promise<NatsPair | undefined> {
  const { path } = natsBinary();
  if (path === undefined) return undefined;
  const directory = new TemporaryDirectory();
  const [hubPort, leafPort, linkPort] = [await freePort(), await freePort(), await freePort()];
  const children = [
    start(path, `${directory.path}/hub.conf`, hubPort, `leafnodes { listen: "127.0.0.1:${linkPort}" }`),
    start(
      path,
      `${directory.path}/leaf.conf`,
      leafPort,
      `leafnodes { remotes: [{ url: "nats://127.0.0.1:${linkPort}" }] }`,
    ),
  ];
  const [hub, leaf] = [hubPort, leafPort].map((port) => `nats://127.0.0.1:${port}`);
  for (const url of [hub, leaf]) await eventually(async () => (await BareNatsClient.open(url))[Symbol.dispose]());
  return {
    hub,
    leaf,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(children.map(stop));
      directory[Symbol.dispose]();
    },
  };
}

function start(binary: string, file: string, port: number, config: string): ChildProcess {
  writeFileSync(file, `listen: "127.0.0.1:${port}"\n${config}\n`);
  return spawn(binary, ["-c", file], { stdio: "ignore" });
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}
