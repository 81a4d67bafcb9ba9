/** Tells people what happens: headings, sentences, tables and commands, on plain lines. */

const WIDTH = 110;

export class Narrator {
  #write: (line: string) => void;
  #acts = 0;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  act(title: string): void {
    this.#write(`\n${++this.#acts}. ${title}`);
  }

  /** A sentence or a few, broken into lines. */
  say(text: string): void {
    let line = "";
    for (const word of text.split(" ")) {
      if (line !== "" && line.length + word.length >= WIDTH) {
        this.#write(`   ${line}`);
        line = word;
      } else line = line === "" ? word : `${line} ${word}`;
    }
    this.#write(`   ${line}`);
  }

  /** The last sentence: acts that still go on are not told of. */
  end(text: string): void {
    this.say(text);
    this.#write = () => {};
  }

  /** What somebody could type, and what came of it. */
  show(command: string, output: string): void {
    this.#write(`   $ ${command}`);
    for (const line of output.trimEnd().split("\n")) this.#write(`     ${line}`);
  }

  table(rows: readonly (readonly string[])[]): void {
    const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
    for (const row of rows) {
      this.#write(`     ${row.map((cell, column) => cell.padEnd(widths[column])).join("  ").trimEnd()}`);
    }
  }
}

/** `"0.4 s"` or `"37 ms"`. */
export function toTimeText(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
