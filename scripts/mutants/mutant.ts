/** A change of the source that breaks something: what the tests must notice. */

export interface Mutant {
  /** Names it in reports; no two share one. */
  readonly name: string;
  /** What would go wrong in a mesh, or what kind of change it is. */
  readonly why: string;
  /** Path from the root of the project. */
  readonly file: string;
  /** The text of the file with the change. Throws when the file is no longer what the mutant was made for. */
  readonly mutate: (text: string) => string;
}

/** A mutant that was thought of: a text of the source, and what stands there instead. */
export interface SeededMutant extends Omit<Mutant, "mutate"> {
  /** Occurs exactly once in the file. */
  readonly from: string;
  readonly to: string;
}

export function toMutant({ from, to, ...rest }: SeededMutant): Mutant {
  return {
    ...rest,
    mutate: (text) => {
      const times = text.split(from).length - 1;
      if (times === 1) return text.replace(from, () => to);
      throw new Error(
        `Cannot apply mutant "${rest.name}": its text is ${times} times in ${rest.file}; give it what stands there now`,
      );
    },
  };
}
