/** A configuration that cannot be used. */

export interface ConfigProblem {
  /** Path of the setting, `http.port`; empty for the file as a whole. */
  readonly path: string;
  /** Where it was written: `weft.yaml:3:5`, `WEFT_HTTP__PORT`, `--port`. */
  readonly where: string;
  /** What is wrong with it and what to do. */
  readonly detail: string;
}

/** Everything that is wrong, not only the first thing: one line each. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], options?: ErrorOptions) {
    super(problems.map(({ where, detail }) => `${where}: ${detail}`).join("\n"), options);
    this.problems = problems;
  }
}
