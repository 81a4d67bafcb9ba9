/**
 * Walks through a page as a reader does: types its commands one after the other, starts what goes on in terminals of its
 * own, and compares what comes with the answers shown. Ports and folders are the tour's; `npx` and `weft` run the checkout.
 *
 * @example
 * await using tour = await Tour.begin();
 * await tour.walk("docs/guide.md", page);
 */

import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";

import { binaryOf } from "../../scripts/check/mod.ts";
import { denoPermissions } from "../../scripts/setup.ts";
import { eventually, type EventuallyOptions } from "./eventually.ts";
import { freePort } from "./free_port.ts";
import { type CodeBlock, codeBlocks } from "./markdown.ts";
import { thisRuntime } from "./node_process.ts";
import { type TempDir, tempDir } from "./temp_dir.ts";
import { Typed } from "./typed.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** How long an answer may take on a loaded machine, ms. */
const patienceMs = 30_000;

/** Stands for all tests where a page runs them: this very test is one. */
const oneTest = "tests/node/codec/media_type_test.ts";

const startsNode = /\b(run|task) node\b/;
/** Such a node is there to be spoken to, so it lives as long as the tour. */
const joinsNode = /--join\b/;
/** Ports that pages name; the tour has others. The last one is the first of a few in a row. */
const pagePorts = /\b(7700|7701|7800|9000)\b/g;
/** Goes on until somebody stops it. */
const goesOn = /curl -N|\bweft sub\b|node -e/;
/** May be typed again when the answer is not there yet. */
const onlyLooks =
  /^(curl (?!.*(-d|-X))|(npx -y (bun run|deno task) )?weft (dlq|explain|why-not|events|trace|ledger|routes|links|clusters|subscription (ls|show)))/;

export class Tour implements AsyncDisposable {
  readonly #temp: TempDir;
  readonly #ports: Readonly<Record<string, number>>;
  readonly #env: NodeJS.ProcessEnv;
  readonly #background: Typed[] = [];
  readonly #patience: EventuallyOptions;
  #node: Typed | undefined;

  private constructor(temp: TempDir, ports: Readonly<Record<string, number>>, timeoutMs: number) {
    this.#temp = temp;
    this.#ports = ports;
    this.#patience = { timeoutMs, intervalMs: 100 };
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("WEFT_"));
    this.#env = {
      ...Object.fromEntries(inherited),
      PATH: `${writeCommands(temp.path)}:${process.env.PATH}`,
      NO_COLOR: "1",
      WEFT_HTTP__PORT: String(ports["7700"]),
      WEFT_URL: `http://127.0.0.1:${ports["7700"]}`,
      WEFT_NATS__PORT: String(ports["7701"]),
      // Doors that a page does not speak of must not get into the way of other tests.
      WEFT_GRPC__PORT: "0",
    };
  }

  static async begin({ timeoutMs = patienceMs }: { readonly timeoutMs?: number } = {}): Promise<Tour> {
    const ports: Record<string, number> = {};
    for (const port of ["7700", "7701", "7800", "9000"]) ports[port] = await freePort();
    return new Tour(tempDir(), ports, timeoutMs);
  }

  /** Answers how many blocks it took. Rejects with the place of the first one that does something else than the page says. */
  async walk(path: string, page: string): Promise<number> {
    const steps = toSteps(codeBlocks(page));
    if (!steps.some(({ block: { text } }) => startsNode.test(text) && !joinsNode.test(text))) await this.#startNode();
    for (const step of steps) {
      try {
        await this.#take(step);
      } catch (error) {
        throw new Error(`Cannot follow ${path}:${step.block.line}: ${(error as Error).message}`, { cause: error });
      }
    }
    return steps.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#background, this.#node].map((typed) => typed?.kill()));
    this.#temp.dispose();
  }

  async #take({ block, answers }: Step): Promise<void> {
    const text = this.#translate(block.text);
    const lines = answers.flatMap((answer) => this.#translate(answer.text).split("\n"));
    if (block.language === "ts") return await this.#runProgram(text);
    if (startsNode.test(text)) return await this.#startNode(text);
    if (goesOn.test(text)) return await this.#goOn(text, lines);
    await this.#run(text, lines);
    if (/\bkill -9\b/.test(text)) await this.#node?.ended;
  }

  /** The node of the page, or, while that one lives, another one: it must start and end well, unless it joins. */
  async #startNode(text = "npx -y bun run node"): Promise<void> {
    const alone = this.#node === undefined || this.#node.end !== undefined;
    const directory = alone ? this.#temp.path : mkdtempSync(join(this.#temp.path, "other-"));
    const node = new Typed(
      text,
      directory,
      alone ? this.#env : { ...this.#env, WEFT_HTTP__PORT: "0", WEFT_NATS__PORT: "0" },
    );
    if (alone) this.#node = node;
    else this.#background.push(node);
    const { pid } = await eventually(() => readyLine(node.output), { ...this.#patience, timeoutMs: patienceMs });
    if (alone || joinsNode.test(text)) return;
    process.kill(pid, "SIGTERM");
    const code = await node.ended;
    if (code !== 0) throw new Error(`the node ended with ${code}: ${node.output}`);
  }

  async #goOn(text: string, lines: readonly string[]): Promise<void> {
    const typed = new Typed(text, this.#temp.path, this.#env);
    this.#background.push(typed);
    await eventually(() => {
      if (typed.output === "") throw new Error("it says nothing");
      this.#compare(lines, typed.output);
    }, this.#patience);
  }

  async #run(text: string, lines: readonly string[]): Promise<void> {
    let output = await this.#runOnce(text, lines);
    await eventually(async () => {
      try {
        this.#compare(lines, output);
      } catch (error) {
        if (onlyLooks.test(text)) output = await this.#runOnce(text, lines);
        throw error;
      }
    }, this.#patience);
  }

  async #runOnce(text: string, lines: readonly string[]): Promise<string> {
    const typed = new Typed(text, this.#temp.path, this.#env);
    this.#background.push(typed);
    const code = await typed.ended;
    const mayFail = lines.some((line) => line.startsWith("weft: "));
    if ((code === 0) === mayFail) throw new Error(`it ended with ${code}: ${typed.output}`);
    return typed.output;
  }

  async #runProgram(text: string): Promise<void> {
    const file = join(this.#temp.path, "example.ts");
    writeFileSync(file, text.replaceAll('"./mod.ts"', JSON.stringify(pathToFileURL(join(root, "mod.ts")).href)));
    const options = thisRuntime === "deno" ? ["run", "-A", "--no-check", "--config", join(root, "deno.json")] : [];
    const output = await this.#runOnce([process.execPath, ...options, file].map(quote).join(" "), []);
    if (output === "") throw new Error("the program says nothing");
  }

  /** Every line must be somewhere on the reader's screens. */
  #compare(lines: readonly string[], output: string): void {
    const screens = [output, ...this.#background.map((typed) => typed.output)].join("\n").split("\n").map(withoutRuns);
    const missing = lines.filter((line) => !screens.some((screen) => toPattern(line).test(screen)));
    if (missing.length > 0) throw new Error(`no line like:\n${missing.join("\n")}\nit says:\n${output}`);
  }

  #translate(text: string): string {
    return text.replace(pagePorts, (port) => String(this.#ports[port]));
  }
}

interface Step {
  readonly block: CodeBlock;
  readonly answers: readonly CodeBlock[];
}

function readyLine(output: string): { readonly pid: number } {
  const line = output.split("\n").find((line) => line.startsWith('{"event":"ready"'));
  if (line === undefined) throw new Error(`the node does not get ready: ${output}`);
  return JSON.parse(line);
}

/** Each command with the answers that stand below it. */
function toSteps(blocks: readonly CodeBlock[]): readonly Step[] {
  return blocks.flatMap((block, index) => {
    if (block.language !== "sh" && block.language !== "ts") return [];
    const rest = blocks.slice(index + 1);
    const end = rest.findIndex(({ language }) => language !== "text");
    return [{ block, answers: end < 0 ? rest : rest.slice(0, end) }];
  });
}

/** `…` stands for anything; spaces may be more or fewer. */
function toPattern(line: string): RegExp {
  const parts = withoutRuns(line).trim().split("…");
  return new RegExp(parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".*"));
}

function withoutRuns(line: string): string {
  return line.replace(/\s+/g, " ");
}

/** `npx` and `weft` that run the checkout as it is installed, on the runtime of the test. Answers their folder. */
function writeCommands(directory: string): string {
  const folder = join(directory, "bin");
  mkdirSync(folder);
  const main = "adapters/cli/main.ts";
  const options = thisRuntime === "deno" ? ["run", "--no-prompt", "--no-check", ...denoPermissions[main]] : [];
  const weft = [process.execPath, ...options, join(root, main)].map(quote).join(" ");
  const demo = [binaryOf(root, "bun"), join(root, "scripts/demo.ts")].map(quote).join(" ");
  const check = [binaryOf(root, "bun"), "scripts/check.ts", oneTest].map(quote).join(" ");
  writeCommand(join(folder, "weft"), `exec ${weft} "$@"`);
  // npx -y bun run NAME …, npx -y deno task NAME …
  writeCommand(
    join(folder, "npx"),
    [
      'case "$1 $2 $3 $4" in',
      '  "-y bun run weft" | "-y deno task weft") shift 4;;',
      '  "-y bun run node" | "-y deno task node") shift 3;;',
      `  "-y bun run test" | "-y deno task test") cd ${quote(root)} && exec ${check};;`,
      `  "-y bun run demo" | "-y deno task demo") exec ${demo};;`,
      '  *) echo "no such command: npx $*" >&2; exit 64;;',
      "esac",
      `exec ${weft} "$@"`,
    ].join("\n"),
  );
  return folder;
}

function writeCommand(file: string, text: string): void {
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
