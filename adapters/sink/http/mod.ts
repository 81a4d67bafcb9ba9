/**
 * The HTTP sink: pushes events to URLs (CloudEvents HTTP binding and Web Hooks, Standard Webhooks), and decides which
 * URLs a node may push to.
 *
 * @module
 */

export { type HandshakeRequest, type HandshakeResult, performHandshake } from "./handshake.ts";
export { HttpSink, type HttpSinkContext } from "./http_sink.ts";
export { HttpSinkFactory, type HttpSinkFactoryOptions } from "./http_sink_factory.ts";
export { type HttpSinkOptions, sinkHeadersProblem, toHttpSinkOptions } from "./http_sink_options.ts";
export {
  assertSinkAllowed,
  isLoopbackSink,
  parseSinkPolicy,
  SinkForbiddenError,
  type SinkPolicy,
  type SinkPolicyOptions,
  SinkUnresolvedError,
} from "./sink_policy.ts";
