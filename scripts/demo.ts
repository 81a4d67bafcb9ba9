/**
 * Shows a mesh at work on this machine: five clusters in a ring, events across it, a link that breaks, the way round.
 *
 *     npx -y bun run demo [--keep]
 *
 * `--keep` leaves it running at the end, until Ctrl-C, to look around in. It takes free ports and temporary folders, and
 * leaves nothing behind. Ends with 1 if an event was lost or came twice.
 */

import process from "node:process";

import { readOptions } from "./options/read_options.ts";
import { Narrator, Ring, tellStory } from "./demo/mod.ts";

const { values } = readOptions(import.meta.url, { options: { keep: { type: "boolean", default: false } } });

/** As a shell counts a program that Ctrl-C has ended. */
const INTERRUPTED = 130;

async function main(): Promise<number> {
  const interrupted = watchInterrupts();
  const tell = new Narrator((line) => process.stdout.write(`${line}\n`));
  await using ring = new Ring();
  const outcome = await Promise.race([tellStory(ring, tell), interrupted]);
  if (outcome === "interrupted") {
    tell.end("Stopping the nodes.");
    return INTERRUPTED;
  }
  if (values.keep) {
    invite(ring, tell);
    await interrupted;
  } else tell.say("--keep would leave it running, to look around in. Stopping the nodes.");
  return outcome.missing + outcome.repeats === 0 ? 0 : 1;
}

function watchInterrupts(): Promise<"interrupted"> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve("interrupted"));
  });
}

function invite(ring: Ring, tell: Narrator): void {
  const [paris, , warsaw] = ring.clusters.map((cluster) => ring.node(cluster).url);
  tell.act("It goes on until Ctrl-C");
  tell.say("In another terminal, in the checkout:");
  tell.table([
    [`npx -y bun run weft sub 'order.>' --url ${warsaw}`],
    [`npx -y bun run weft pub order.placed '{"total":42}' --url ${paris}`],
    [`npx -y bun run weft routes --watch --url ${paris}`],
    [`npx -y bun run weft explain order.placed --url ${paris}`],
    [`curl ${paris}/v1/links`],
  ]);
}

const code = await main();
// Acts that were interrupted may still wait for something.
process.stdout.write("", () => process.exit(code));
