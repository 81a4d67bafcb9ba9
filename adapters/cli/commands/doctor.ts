/** `weft doctor`: checks what a node needs, on this machine and over its API. */

import { WeftError } from "../../client/mod.ts";
import { ConfigError, loadConfig } from "../../config/mod.ts";
import { VERSION } from "../../version.ts";
import { checkMachine, checkRuntime } from "../check_machine.ts";
import type { CommandContext } from "../command.ts";
import { configFlagValues } from "../config_flag_values.ts";
import { CommandError, ExitCode, exitCodeOf, UsageError } from "../exit_codes.ts";
import { hasFailed, type HealthCheck, isOk, isSkipped, warnsOf } from "../health_check.ts";
import { toDurationText } from "../humanize.ts";
import { createNodeApi, type NodeApi } from "../node_api.ts";
import { printJson, printText } from "../output.ts";
import { paintFor, toPrintable } from "../paint.ts";

/** Clocks that differ by more than this make times in logs and traces misleading; nothing else depends on them. */
const CLOCK_SKEW_MAX_MS = 1_000;

interface NodeReport {
  readonly checks: readonly HealthCheck[];
  readonly exitCode: ExitCode;
}

/** JSON: `{"ok","checks":[{"check","status","detail"}]}`. The exit code tells what failed worst. */
export async function examine(context: CommandContext): Promise<ExitCode> {
  const here = [checkRuntime(), ...await checkConfiguration(context)];
  const there = await checkNode(createNodeApi(context));
  const checks = [...here, ...there.checks];
  if (context.json) await printJson(context, { ok: checks.every(({ status }) => status !== "failed"), checks });
  else await print(context, checks);
  if (there.exitCode !== ExitCode.ok) return there.exitCode;
  return checks.some(({ status }) => status === "failed") ? ExitCode.failed : ExitCode.ok;
}

async function checkConfiguration({ args, terminal }: CommandContext): Promise<readonly HealthCheck[]> {
  const { environment, directory } = terminal;
  try {
    const { config, warnings, file } = await loadConfig({ flags: configFlagValues(args), environment, directory });
    const from = file === undefined ? "no file, defaults" : file;
    return [
      isOk("configuration", from),
      ...warnings.map((warning) => warnsOf("configuration", warning)),
      ...await checkMachine(config, directory),
    ];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ where, detail }) => hasFailed("configuration", `${where}: ${detail}`));
  }
}

async function checkNode(api: NodeApi): Promise<NodeReport> {
  const sentAt = Date.now();
  try {
    const { body: { at, node, cluster } } = await api.request("GET", "/livez");
    const roundTripMs = Date.now() - sentAt;
    const checks = [
      isOk("reachable", `${api.url} is node ${node} of cluster ${cluster} (${toDurationText(roundTripMs)})`),
      checkClock(Date.parse(at) - sentAt, roundTripMs),
      await checkReady(api),
      await checkVersion(api),
    ];
    return { checks, exitCode: ExitCode.ok };
  } catch (error) {
    if (error instanceof UsageError || !(error instanceof WeftError || error instanceof CommandError)) throw error;
    if (exitCodeOf(error) === ExitCode.interrupted) throw error;
    const detail = error instanceof WeftError ? `${error.code}: ${error.message}` : error.message;
    const rest = ["clock", "ready", "version"].map((check) => isSkipped(check, "the node has to answer first"));
    return { checks: [hasFailed("reachable", detail), ...rest], exitCode: exitCodeOf(error) };
  }
}

/** The node read its clock at some moment of the round trip. */
function checkClock(aheadMs: number, roundTripMs: number): HealthCheck {
  const skewMs = aheadMs < 0 ? aheadMs : Math.max(0, aheadMs - roundTripMs);
  if (Math.abs(skewMs) <= CLOCK_SKEW_MAX_MS) return isOk("clock", "agrees with this machine's");
  const direction = skewMs > 0 ? "ahead of" : "behind";
  const way = "run a time service on both; times in logs and traces mislead until then";
  return warnsOf("clock", `the node's is ${toDurationText(Math.abs(skewMs))} ${direction} this machine's; ${way}`);
}

async function checkReady(api: NodeApi): Promise<HealthCheck> {
  const { status, body } = await api.request("GET", "/readyz", { expect: [503] });
  if (status === 200) return isOk("ready", "it takes events");
  const failed: readonly { check: string; detail: string }[] = body?.failed ?? [];
  return hasFailed(
    "ready",
    failed.map(({ check, detail }) => `${check}: ${detail}`).join("; ") || "it takes no events",
  );
}

async function checkVersion(api: NodeApi): Promise<HealthCheck> {
  const { version, runtime } = (await api.request("GET", "/v1")).body;
  if (version === VERSION) return isOk("version", `${version} on ${runtime}`);
  return warnsOf("version", `the node is ${version}, this command ${VERSION}; use the command of the node's version`);
}

async function print(context: CommandContext, checks: readonly HealthCheck[]): Promise<void> {
  const paint = paintFor(context.terminal.output);
  const signs = { ok: paint.green("✓"), warning: paint.yellow("!"), failed: paint.red("✗"), skipped: paint.dim("-") };
  const width = Math.max(...checks.map(({ check }) => check.length));
  for (const { check, status, detail } of checks) {
    await printText(context, `${signs[status]} ${check.padEnd(width)}  ${toPrintable(detail)}`);
  }
}
