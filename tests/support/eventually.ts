/** Waits for something that another task brings about: never a fixed sleep, always a deadline. */

export interface EventuallyOptions {
  /** How long to wait before the last failure is thrown, in ms. Default 5000. */
  readonly timeoutMs?: number;
  /** Pause between two attempts, in ms. Default 10. */
  readonly intervalMs?: number;
}

/**
 * Calls `attempt` until it neither throws nor answers `false`, and answers what it answered.
 *
 * @example
 * await eventually(() => expect(received).toHaveLength(3));
 * await eventually(() => node.ready, { timeoutMs: 10_000 });
 */
export async function eventually<T>(
  attempt: () => T | Promise<T>,
  options: EventuallyOptions = {},
): Promise<Exclude<T, false>> {
  const { timeoutMs = 5_000, intervalMs = 10 } = options;
  const deadline = performance.now() + timeoutMs;
  while (true) {
    const outcome = await tryOnce(attempt);
    if (outcome.type === "done") return outcome.value;
    if (performance.now() >= deadline) throw outcome.error;
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}

type Outcome<T> =
  | { readonly type: "done"; readonly value: Exclude<T, false> }
  | { readonly type: "notYet"; readonly error: unknown };

async function tryOnce<T>(attempt: () => T | Promise<T>): Promise<Outcome<T>> {
  try {
    const value = await attempt();
    if (value !== false) return { type: "done", value: value as Exclude<T, false> };
    return { type: "notYet", error: new Error(`Cannot wait any longer: still false: ${attempt}`) };
  } catch (error) {
    return { type: "notYet", error };
  }
}
