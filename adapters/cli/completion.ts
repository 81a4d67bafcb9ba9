/** Scripts that teach shells to complete weft's words, made from the descriptions of commands. */

import { type CommandSpec, flagsOf } from "./command.ts";

export type Shell = "bash" | "zsh" | "fish";

/** What may come after a command's words. */
interface Place {
  /** `weft subscription`. */
  readonly path: string;
  readonly words: readonly { readonly word: string; readonly summary: string }[];
}

export async function renderCompletion(shell: Shell, root: CommandSpec): Promise<string> {
  const places = await listPlaces(root, root.name);
  switch (shell) {
    case "bash":
      return renderBash(places);
    case "zsh":
      return renderZsh(places);
    case "fish":
      return renderFish(places);
  }
}

async function listPlaces(spec: CommandSpec, path: string): Promise<readonly Place[]> {
  const { commands, operands = [] } = spec;
  const flags = (await flagsOf(spec)).map(({ name, summary }) => ({ word: `--${name}`, summary }));
  const choices = operands.flatMap(({ choices = [], summary }) => choices.map((word) => ({ word, summary })));
  const names = (commands ?? []).map(({ name, summary }) => ({ word: name, summary }));
  const below = await Promise.all((commands ?? []).map((command) => listPlaces(command, `${path} ${command.name}`)));
  return [{ path, words: [...names, ...choices, ...flags] }, ...below.flat()];
}

/** The paths below which there is something: walking along them finds the place of the cursor. */
function innerPaths(places: readonly Place[]): readonly string[] {
  return places.map(({ path }) => path).filter((path) => path.includes(" "));
}

function renderBash(places: readonly Place[]): string {
  const cases = places.map(({ path, words }) => `    "${path}") words="${words.map(({ word }) => word).join(" ")}" ;;`);
  return `# bash completion of weft; load it with: source <(weft completion bash)
_weft() {
  local current="\${COMP_WORDS[COMP_CWORD]}" place="weft" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$place $word" in
      ${innerPaths(places).map((path) => `"${path}"`).join("|")}) place="$place $word" ;;
    esac
  done
  case "$place" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _weft weft
`;
}

function renderZsh(places: readonly Place[]): string {
  const cases = places.map(({ path, words }) => {
    const entries = words.map(({ word, summary }) => `'${word}:${toSingleQuoted(summary)}'`);
    return `    '${path}') candidates=(${entries.join(" ")}) ;;`;
  });
  return `#compdef weft
# zsh completion of weft; load it with: source <(weft completion zsh)
_weft() {
  local place="weft" word
  local -a candidates
  for word in \${words[2,CURRENT-1]}; do
    case "$place $word" in
      ${innerPaths(places).map((path) => `'${path}'`).join("|")}) place="$place $word" ;;
    esac
  done
  case "$place" in
${cases.join("\n")}
  esac
  _describe 'weft' candidates || _files
}
compdef _weft weft
`;
}

function renderFish(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, words }) =>
    words.map(({ word, summary }) => {
      const what = word.startsWith("--") ? `-l ${word.slice(2)}` : `-f -a ${word}`;
      return `complete -c weft -n '__weft_at "${path}"' ${what} -d '${toSingleQuoted(summary)}'`;
    })
  );
  return `# fish completion of weft; load it with: weft completion fish | source
function __weft_at
  set -l place weft
  for word in (commandline -opc)[2..-1]
    switch "$place $word"
      case ${innerPaths(places).map((path) => `'${path}'`).join(" ")}
        set place "$place $word"
    end
  end
  test "$place" = "$argv[1]"
end
${lines.join("\n")}
`;
}

/** Without what would end or escape a text in single quotes in any of the shells. */
function toSingleQuoted(text: string): string {
  return text.replaceAll("'", "’").replaceAll("\\", "/");
}
