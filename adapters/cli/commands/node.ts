/** `weft node`: runs a node until it is asked to stop. */

import process from "node:process";

import { type ReadyInfo, startNode } from "../../assemble.ts";
import { loadConfig, type ResolvedConfig } from "../../config/mod.ts";
import type { CommandContext } from "../command.ts";
import { configFlagValues } from "../config_flag_values.ts";
import { ExitCode } from "../exit_codes.ts";
import { paintFor } from "../paint.ts";
import { say } from "../output.ts";
import { onStopSignals } from "../stop_signals.ts";

export async function runNode(context: CommandContext): Promise<ExitCode> {
  const stopRequested = watchStopRequests();
  const { environment, directory } = context.terminal;
  const { config, warnings } = await loadConfig({ flags: configFlagValues(context.args), environment, directory });
  const running = await startNode(config);
  for (const warning of warnings) running.log.warn("{warning}", { warning });
  await announce(context, running.ready, config);
  await stopRequested;
  await running.stop();
  return ExitCode.ok;
}

/** Resolves with the first request; a later one ends the process where it is. */
function watchStopRequests(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  onStopSignals(["SIGTERM", "SIGINT", "SIGHUP"], { first: resolve, again: () => process.exit(ExitCode.failed) });
  return promise;
}

/** One line on standard output with the addresses; a person is told more beside it. */
async function announce(context: CommandContext, ready: ReadyInfo, config: ResolvedConfig): Promise<void> {
  const { output, chat } = context.terminal;
  const format = context.json ? "json" : config.log.format ?? (output.isTerminal ? "pretty" : "json");
  if (format === "json") return await output.write(`${JSON.stringify(ready)}\n`);
  if (chat.isTerminal) await say(context, renderBanner(ready, config, context));
  await output.write(`${paintFor(output).green("ready")}  ${addressesOf(ready)}\n`);
  if (chat.isTerminal) await say(context, renderHint(ready, context));
}

function renderBanner(ready: ReadyInfo, config: ResolvedConfig, { terminal: { chat } }: CommandContext): string {
  const paint = paintFor(chat);
  const rows = {
    node: `${ready.node}, cluster ${ready.cluster}, federation ${ready.federation}`,
    store: ready.store === "sqlite" ? `sqlite in ${ready.dataDir}` : `${ready.store}: gone when the node stops`,
    security: describeSecurity(config),
    runtime: `${ready.runtime}, process ${ready.pid}`,
  };
  const lines = Object.entries(rows).map(([name, value]) => `  ${paint.dim(name.padEnd(9))}${value}`);
  return [`${paint.bold("weft")} ${ready.version}`, ...lines].join("\n");
}

function describeSecurity({ auth, tls, http }: ResolvedConfig): string {
  const ways = [
    ...auth.tokens === undefined || auth.tokens.length === 0 ? [] : [`${auth.tokens.length} tokens`],
    ...auth.jwt === undefined ? [] : [`JWT of ${auth.jwt.issuer}`],
  ];
  const who = ways.length === 0 ? `open to everybody on this machine (${http.host})` : ways.join(" and ");
  return tls?.cert === undefined ? who : `${who}, TLS`;
}

function renderHint({ http }: ReadyInfo, { terminal: { chat } }: CommandContext): string {
  const paint = paintFor(chat);
  return paint.dim(`       try  weft sub '>' --url ${http}   (Ctrl-C stops the node)`);
}

function addressesOf(ready: ReadyInfo): string {
  return Object.entries(ready).filter(([, value]) => typeof value === "string" && /^[a-z]+:\/\//.test(value))
    .map(([door, address]) => `${door} ${address}`).join("  ");
}
