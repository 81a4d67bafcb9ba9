import { spawnSync } from "node:child_process";

import { describe, expect, it } from "bun:test";

import type { CommandSpec } from "../../adapters/cli/command.ts";
import { rootCommand } from "../../adapters/cli/definitions/mod.ts";
import { weft } from "./cli_support.ts";

/** Every command with the words that call it. */
function listCalls(spec: CommandSpec, path: readonly string[] = []): readonly (readonly string[])[] {
  return [path, ...(spec.commands ?? []).flatMap((command) => listCalls(command, [...path, command.name]))];
}
const calls = listCalls(rootCommand).filter((path) => path.length > 0);

describe("weft help", () => {
  it("names every command", async () => {
    const { output, exitCode } = await weft(["help"]);
    expect(exitCode).toBe(0);
    for (const { name } of rootCommand.commands!) expect(output).toContain(`  ${name} `);
  });

  it("is the same as --help, for every command", async () => {
    for (const path of calls) {
      const { output, exitCode } = await weft(["help", ...path]);
      expect(exitCode).toBe(0);
      expect((await weft([...path, "--help"])).output).toBe(output);
    }
  });

  it("shows operands, flags and examples of a command", async () => {
    const { output } = await weft(["help", "sub"]);
    for (const word of ["weft sub PATTERN [FLAGS]", "--filter CESQL", "--url URL", "-q, --quiet", "# until Ctrl-C"]) {
      expect(output).toContain(word);
    }
  });

  it("keeps its lines within the terminal", async () => {
    const { output } = await weft(["help", "pub"], { isTerminal: true, columns: 80 });
    const flags = output.split("\n").filter((line) => line.startsWith(" ") && !line.includes("weft pub"));
    expect(flags.filter((line) => line.length > 80)).toEqual([]);
  });

  it("describes commands as JSON", async () => {
    const { json } = await weft(["help", "subscription", "pull", "--json"]);
    expect(json).toMatchObject({ name: "pull", operands: [{ name: "ID" }] });
    expect(json.flags.map(({ name }: { name: string }) => name)).toContain("wait");
  });

  it("guesses what was meant", async () => {
    const { exitCode, chat } = await weft(["help", "explian"]);
    expect(exitCode).toBe(2);
    expect(chat).toContain('did you mean "explain"?');
  });

  it("is shown, with exit code 2, when no command is named", async () => {
    const { exitCode, output, chat } = await weft([]);
    expect(exitCode).toBe(2);
    expect(output).toBe("");
    expect(chat).toContain("Usage");
  });
});

describe("weft version", () => {
  it("names the version and what runs it", async () => {
    const { json } = await weft(["version", "--json"]);
    expect(json).toMatchObject({ name: "weft", version: "0.1.0" });
    expect((await weft(["--version"])).output).toContain(`weft ${json.version} (${json.runtime}`);
  });
});

describe("weft completion", () => {
  it("knows every command and flag, for each shell", async () => {
    for (const shell of ["bash", "zsh", "fish"]) {
      const { output, exitCode } = await weft(["completion", shell]);
      expect(exitCode).toBe(0);
      for (const word of [...calls.map((path) => path.at(-1)!), "max-in-flight", "nats-port"]) {
        expect(output).toContain(word);
      }
    }
  });

  it("refuses another shell", async () => {
    const { exitCode, chat } = await weft(["completion", "tcsh"]);
    expect(exitCode).toBe(2);
    expect(chat).toContain("bash, zsh, fish");
  });

  const complete = async (...words: string[]) => {
    const { output } = await weft(["completion", "bash"]);
    const script = `${output}\nCOMP_WORDS=(weft ${
      words.map((word) => `'${word}'`).join(" ")
    })\nCOMP_CWORD=${words.length}\n_weft\nprintf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
    return stdout.trim().split("\n");
  };

  it("completes commands in bash", async () => {
    expect(await complete("subs")).toEqual(["subscription"]);
    expect(await complete("subscription", "pa")).toEqual(["pause"]);
  });

  it("completes flags of the command at hand in bash", async () => {
    expect(await complete("--json", "sub", "order.>", "--fil")).toEqual(["--filter"]);
    expect(await complete("topics", "--fil")).toEqual([""]);
  });
});
