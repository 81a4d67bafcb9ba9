/** Who makes a request, and what that one may do. */

import { parsePattern, patternCovers, patternMatches, RefusedError } from "../../../../node/mod.ts";

export type Action = "publish" | "subscribe" | "admin";

export interface Principal {
  /** For logs and problem documents; never a secret. */
  readonly name: string;
  /**
   * `publish`: to that topic. `subscribe`: to that pattern, which one of the principal's patterns must cover as a whole.
   * `admin`: at all. Without a topic: whether there is any topic or pattern at all for which the answer is yes.
   */
  may(action: Action, topicOrPattern?: string): boolean;
}

export interface Rights {
  readonly name: string;
  /** Patterns that topics must fit. */
  readonly publish: readonly string[];
  /** Patterns that cover what may be subscribed to. */
  readonly subscribe: readonly string[];
  readonly admin: boolean;
}

/** Everybody, where authentication is off: only a node that listens on loopback alone may be configured so. */
export const ANYONE: Principal = { name: "anyone", may: () => true };

/** Throws `InvalidPatternError` when one of the patterns is none. */
export function createPrincipal({ name, publish, subscribe, admin }: Rights): Principal {
  const mayPublish = toPublishRule(publish);
  const maySubscribe = toSubscribeRule(subscribe);
  return {
    name,
    may(action, topicOrPattern) {
      switch (action) {
        case "publish":
          return topicOrPattern === undefined ? publish.length > 0 : mayPublish(topicOrPattern);
        case "subscribe":
          return topicOrPattern === undefined ? subscribe.length > 0 : maySubscribe(topicOrPattern);
        case "admin":
          return admin;
        default:
          return action satisfies never;
      }
    },
  };
}

/** Throws `RefusedError` (`FORBIDDEN`) that names the missing scope. */
export function requireScope(principal: Principal, action: Action, topicOrPattern?: string): void {
  if (principal.may(action, topicOrPattern)) return;
  const scope = toScope(action, topicOrPattern);
  throw new RefusedError(
    "FORBIDDEN",
    `Cannot ${
      describe(action, topicOrPattern)
    }: "${principal.name}" lacks the scope "${scope}"; use a token that has it, ` +
      `or add it (auth.tokens[].${action}, or the claims of a JWT)`,
    { scope },
  );
}

function toScope(action: Action, topicOrPattern: string | undefined): string {
  return topicOrPattern === undefined ? `weft:${action}` : `weft:${action}:${topicOrPattern}`;
}

function describe(action: Action, topicOrPattern: string | undefined): string {
  if (action === "admin") return "administer this node";
  if (topicOrPattern === undefined) return action;
  return `${action} to "${topicOrPattern}"`;
}

type Rule = (topicOrPattern: string) => boolean;

function toPublishRule(patterns: readonly string[]): Rule {
  const valid = patterns.map((pattern) => parsePattern(pattern));
  // The common case, and the one on which a publish should spend nothing.
  if (valid.includes(">")) return () => true;
  return (topic) => valid.some((pattern) => patternMatches(pattern, topic));
}

function toSubscribeRule(patterns: readonly string[]): Rule {
  const valid = patterns.map((pattern) => parsePattern(pattern));
  return (wanted) => valid.some((pattern) => patternCovers(pattern, wanted));
}
