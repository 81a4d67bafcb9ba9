/**
 * Sinks: where subscriptions push to. HTTP is the one protocol that pushes.
 *
 * @module
 */

export { createSinkFactory, type SinkFactoryOptions } from "./create_sink_factory.ts";
