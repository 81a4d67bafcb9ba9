/** What stands in front of every route: who may talk to the node at all, how much at once, and what is counted. */

import type { Connection } from "../../../runtime/runtime.ts";
import { type HttpCounters, routeOf } from "../../../telemetry/mod.ts";
import type { DoorLimits } from "../door_context.ts";
import { type ProblemHooks, toProblem } from "../problems.ts";
import { checkHeadersSize } from "./headers_size.ts";
import { createHostCheck } from "./host_check.ts";
import { OriginPolicy, shareWith, toPreflightAnswer } from "./origin_policy.ts";
import { RequestLimit } from "./request_limit.ts";

/** The part of `DoorContext` that the guard needs. */
export interface GuardContext {
  readonly limits: Pick<DoorLimits, "connections" | "headersBytes">;
  readonly clock: { now(): number };
  /** `streams`: connections that outlive the answer that opened them. */
  readonly node: { readonly streams: number };
}

export interface GuardOptions {
  /** Address or name that the door was told to listen on. */
  readonly boundHost: string;
  /** `http.allowedHosts` */
  readonly allowedHosts: readonly string[];
  /** `cors.origins` */
  readonly allowedOrigins: readonly string[];
  /** Header bytes that the runtime's own server lets through at most; a limit at or above it needs no counting here. */
  readonly runtimeHeadersBytesMax?: number;
  readonly counters: HttpCounters;
  readonly problems: ProblemHooks;
}

export type FetchHandler = (request: Request, connection: Connection) => Response | Promise<Response>;

type Admission =
  | { readonly type: "answered"; readonly response: Response }
  /** `shareWith`: the origin whose pages may read the answer. */
  | { readonly type: "admitted"; readonly shareWith: string | undefined };

const ADMITTED: Admission = { type: "admitted", shareWith: undefined };

/** `handler`, guarded. What the guard refuses, and what `handler` throws, is answered with a problem document. */
export function createGuard(context: GuardContext, options: GuardOptions, handler: FetchHandler): FetchHandler {
  const { counters, problems } = options;
  const { clock } = context;
  const limit = new RequestLimit(context.limits.connections, () => context.node.streams);
  const admit = createAdmission(context, options, limit);
  counters.watchActive(() => limit.active);
  return (request, connection) => {
    const startedAt = clock.now();
    const route = routeOf(request.method, request.url);
    const admission = admit(request);
    if (admission.type === "answered") {
      counters.note(route, admission.response.status, clock.now() - startedAt);
      return admission.response;
    }
    const finish = (response: Response): Response => {
      limit.leave();
      counters.note(route, response.status, clock.now() - startedAt);
      return admission.shareWith === undefined ? response : shareWith(admission.shareWith, response);
    };
    const fail = (error: unknown): Response => finish(toProblem(error, problems));
    try {
      const answer = handler(request, connection);
      return answer instanceof Promise ? answer.then(finish, fail) : finish(answer);
    } catch (error) {
      return fail(error);
    }
  };
}

/** After `admitted`, `limit.leave()` must follow. */
function createAdmission(
  { limits }: GuardContext,
  options: GuardOptions,
  limit: RequestLimit,
): (request: Request) => Admission {
  const checkHost = createHostCheck(options);
  const origins = new OriginPolicy(options);
  const measuresHeaders = limits.headersBytes < (options.runtimeHeadersBytesMax ?? Infinity);
  return (request) => {
    try {
      checkHost(request);
      if (measuresHeaders) checkHeadersSize(request.headers, limits.headersBytes);
      const verdict = origins.judge(request);
      if (verdict.type === "preflight") {
        return { type: "answered", response: toPreflightAnswer(request, verdict.origin) };
      }
      limit.enter();
      return verdict.type === "pass" ? ADMITTED : { type: "admitted", shareWith: verdict.origin };
    } catch (error) {
      return { type: "answered", response: toProblem(error, options.problems) };
    }
  };
}
