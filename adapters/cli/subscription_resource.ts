/** A subscription as a node shows it; the fields that commands look at. */

export interface SubscriptionResource {
  /** Named where there are several. */
  readonly cluster?: string;
  readonly id: string;
  readonly protocol: string;
  readonly sink?: string;
  readonly types?: readonly string[];
  readonly source?: string;
  readonly filters?: readonly unknown[];
  readonly config: { readonly topic: string; readonly group?: string };
  readonly status: {
    readonly state: string;
    readonly cursor: string;
    readonly lag: number;
    /** `lag` is an upper bound. A node of an older version does not say it. */
    readonly lagAtMost?: boolean;
    readonly oldestAgeMs: number;
    readonly inFlight: number;
    readonly heldBack: number;
    /** The gap that the first of them waits for; numbers are 0 where the origin has yet to say what is missing. */
    readonly waitsFor:
      | { readonly origin: string; readonly epoch: number; readonly from: number; readonly to: number }
      | null;
    readonly delivered: number;
    readonly failed: number;
    readonly deadLettered: number;
    readonly lastError: string | null;
  };
}

export function toSubscriptionPath(id: string, action = ""): string {
  return `/v1/subscriptions/${encodeURIComponent(id)}${action}`;
}

/** A position is a number to the node; everything else is text. */
export function toSince(text: string | undefined): string | number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : text;
}
