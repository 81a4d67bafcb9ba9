/** What `weft doctor` finds. */

export interface HealthCheck {
  readonly check: string;
  /** `skipped`: something else has to be well first. */
  readonly status: "ok" | "warning" | "failed" | "skipped";
  /** What was found, and what to do about it. */
  readonly detail: string;
}

export function isOk(check: string, detail: string): HealthCheck {
  return { check, status: "ok", detail };
}

export function hasFailed(check: string, detail: string): HealthCheck {
  return { check, status: "failed", detail };
}

export function warnsOf(check: string, detail: string): HealthCheck {
  return { check, status: "warning", detail };
}

export function isSkipped(check: string, detail: string): HealthCheck {
  return { check, status: "skipped", detail };
}
