/** The arguments of a command, checked. */

export class Arguments {
  readonly #flags: ReadonlyMap<string, readonly (string | number)[]>;
  /** What is not a flag, in order. */
  readonly operands: readonly string[];

  constructor(flags: ReadonlyMap<string, readonly (string | number)[]>, operands: readonly string[]) {
    this.#flags = flags;
    this.operands = operands;
  }

  has(flag: string): boolean {
    return this.#flags.has(flag);
  }

  /** The last value given. */
  text(flag: string): string | undefined {
    return this.texts(flag).at(-1);
  }

  texts(flag: string): readonly string[] {
    return (this.#flags.get(flag) ?? []).map(String);
  }

  /** Of a count: the number; of a duration: ms. */
  number(flag: string): number | undefined {
    const value = this.#flags.get(flag)?.at(-1);
    return typeof value === "number" ? value : undefined;
  }

  /** An operand that the command cannot be without: the parser has seen to it. */
  required(index: number): string {
    const value = this.operands[index];
    if (value === undefined) throw new RangeError(`Cannot read operand ${index}: the command does not ask for it`);
    return value;
  }
}
