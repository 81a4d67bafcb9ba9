import fc from "fast-check";
import { describe, expect, it } from "bun:test";

import type { CommandSpec } from "../../adapters/cli/command.ts";
import { rootCommand } from "../../adapters/cli/definitions/mod.ts";
import { parseCommandLine } from "../../adapters/cli/parse_command_line.ts";
import { toNodeUrl } from "../../adapters/cli/node_api.ts";

const parse = (...words: string[]) => parseCommandLine(words, rootCommand);

describe("parseCommandLine()", () => {
  it("finds the command, its operands and its flags wherever they stand", async () => {
    const { path, args } = await parse("--json", "pub", "--count", "3", "order.placed", "-H", "A: b", "42", "--id=x");
    expect(path).toEqual(["pub"]);
    expect(args.operands).toEqual(["order.placed", "42"]);
    expect(args.number("count")).toBe(3);
    expect(args.text("id")).toBe("x");
    expect(args.texts("header")).toEqual(["A: b"]);
    expect(args.has("json")).toBe(true);
  });

  it("finds the command of a family, with flags before it", async () => {
    const { path, args } = await parse("subscription", "--max", "5", "pull", "audit");
    expect(path).toEqual(["subscription", "pull"]);
    expect(args.number("max")).toBe(5);
  });

  it("takes a family's default command when none is named", async () => {
    expect((await parse("dlq")).path).toEqual(["dlq", "ls"]);
    const { path, args } = await parse("events", "order.>");
    expect(path).toEqual(["events", "ls"]);
    expect(args.operands).toEqual(["order.>"]);
  });

  it("takes the last value of a flag that does not repeat, and all of one that does", async () => {
    const { args } = await parse("pub", "a", "--id", "1", "--id", "2", "--attr", "a=1", "--attr", "b=2");
    expect(args.texts("id")).toEqual(["2"]);
    expect(args.texts("attr")).toEqual(["a=1", "b=2"]);
  });

  it("reads durations in ms", async () => {
    expect((await parse("topics", "--timeout", "2s")).args.number("timeout")).toBe(2000);
    expect((await parse("topics", "--timeout", "250")).args.number("timeout")).toBe(250);
  });

  it("takes everything after -- as it is", async () => {
    const { args } = await parse("pub", "--", "order.placed", "--json");
    expect(args.operands).toEqual(["order.placed", "--json"]);
    expect(args.has("json")).toBe(false);
  });

  it("takes - as an operand", async () => {
    expect((await parse("pub", "order.placed", "-")).args.operands).toEqual(["order.placed", "-"]);
  });

  it("does not ask for operands when help is wanted", async () => {
    expect((await parse("pub", "--help")).args.has("help")).toBe(true);
    expect((await parse("-h")).path).toEqual([]);
  });

  it("reads any list of words as operands after --, unchanged", async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.string(), { minLength: 1 }), async (words) => {
      const { args } = await parse("subscription", "rm", "--", ...words);
      expect(args.operands).toEqual(words);
    }));
  });

  it("reads back any value of a flag, in both ways to write it", async () => {
    await fc.assert(fc.asyncProperty(fc.string(), async (value) => {
      expect((await parse("pub", "a", `--subject=${value}`)).args.text("subject")).toBe(value);
      expect((await parse("pub", "a", "--subject", value)).args.text("subject")).toBe(value);
    }));
  });

  const mistakes: readonly (readonly [what: string, words: readonly string[], message: string])[] = [
    ["an unknown command", ["zzz"], 'there is no command "zzz"'],
    ["a mistyped command", ["subscripton"], 'did you mean "subscription"?'],
    ["a mistyped command of a family", ["subscription", "pasue"], 'did you mean "pause"?'],
    ["a command that others call so", ["config", "check", "weft.yaml"], 'did you mean "validate"?'],
    ["another one", ["subscription", "delete", "audit"], 'did you mean "rm"?'],
    ["a mistyped flag", ["sub", "a", "--fitler", "x"], 'did you mean "--filter"?'],
    ["a mistyped setting of the node", ["node", "--prot", "1"], 'did you mean "--port"?'],
    ["an unknown short flag", ["sub", "a", "-z"], "there is no flag -z"],
    ["a flag of another command of the family", ["subscription", "ls", "--ack"], "there is no flag --ack"],
    ["a flag before its command that the command lacks", ["--url", "x", "version"], "there is no flag --url"],
    ["a missing operand", ["pub"], "TOPIC is missing"],
    ["an operand too many", ["topics", "x"], '"x" is more than it takes'],
    ["a flag without its value", ["sub", "a", "--count"], "--count needs a value"],
    ["a switch with a value", ["sub", "a", "--raw=1"], "--raw takes no value"],
    ["a count that is none", ["sub", "a", "--count", "-1"], '--count is a whole number, not "-1"'],
    ["a duration that is none", ["sub", "a", "--timeout", "soon"], '--timeout is a duration such as 30s, not "soon"'],
    ["a choice that is none", ["subscription", "add", "--mode", "x"], "--mode is one of binary, structured, batch"],
    ["an operand that is no choice", ["completion", "fihs"], 'did you mean "fish"?'],
  ];

  for (const [what, words, message] of mistakes) {
    it(`refuses ${what}`, async () => {
      await expect(parse(...words)).rejects.toThrow(message);
    });
  }
});

describe("rootCommand", () => {
  const leaves = (spec: CommandSpec): readonly CommandSpec[] => spec.commands?.flatMap(leaves) ?? [spec];

  it("loads the code of every command", async () => {
    for (const { name, load } of leaves(rootCommand)) {
      expect(`${name}: ${typeof await load?.()}`).toBe(`${name}: function`);
    }
  });

  it("has every command in a group that help shows", () => {
    expect(rootCommand.commands!.filter(({ group }) => group === undefined)).toEqual([]);
  });
});

describe("toNodeUrl()", () => {
  it("completes what people leave out", () => {
    expect(toNodeUrl("7800")).toBe("http://127.0.0.1:7800");
    expect(toNodeUrl(":7800")).toBe("http://127.0.0.1:7800");
    expect(toNodeUrl("paris:7700")).toBe("http://paris:7700");
    expect(toNodeUrl("https://mesh.example/weft/")).toBe("https://mesh.example/weft");
  });

  it("refuses what is no URL", () => {
    expect(() => toNodeUrl("http://")).toThrow("it is no URL");
  });
});
