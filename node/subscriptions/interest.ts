/** What a subscription or stream wants, compiled once: the pattern, the types, the source and the filters. */

import type { CloudEvent } from "../event.ts";
import { type CompiledFilter, compileFilter } from "../filter/mod.ts";
import type { StoredEvent } from "../event_store.ts";
import { patternWants } from "../system_topics.ts";

export interface InterestDefinition {
  readonly topic: string;
  readonly source?: string;
  readonly types?: readonly string[];
  readonly filters?: readonly Readonly<Record<string, unknown>>[];
}

/** Why an event is not wanted: which part of the definition stops it. */
export interface Stopped {
  /** `topic`, `source`, `types` or a path such as `filters[0].any[1]`. */
  readonly path: string;
  readonly detail: string;
}

export class Interest {
  readonly pattern: string;
  readonly #definition: InterestDefinition;
  readonly #types: ReadonlySet<string> | undefined;
  readonly #filter: CompiledFilter | undefined;

  /** Throws a `FilterError` that names the filter at fault. The pattern must be valid. */
  constructor(definition: InterestDefinition) {
    this.pattern = definition.topic;
    this.#definition = definition;
    this.#types = definition.types === undefined ? undefined : new Set(definition.types);
    const filters = definition.filters ?? [];
    this.#filter = filters.length === 0 ? undefined : compileFilter(filters, "filters");
  }

  /** Whether the topic fits; a pattern that begins with a wildcard does not fit the node's own topics. */
  fits(topic: string): boolean {
    return patternWants(this.pattern, topic);
  }

  /** Whether the source, the types and the filters hold. */
  wants(event: CloudEvent): boolean {
    const { source, types } = this.#definition;
    return (source === undefined || event.attributes.source === source) &&
      (types === undefined || this.#types!.has(event.attributes.type)) &&
      (this.#filter === undefined || this.#filter.accepts(event));
  }

  /** Everything but the topic, without decoding an event that nothing more is asked of. */
  accepts = (stored: StoredEvent): boolean => {
    if (this.#filter === undefined && this.#types === undefined && this.#definition.source === undefined) return true;
    return this.wants(stored.event);
  };

  /** What stops an event of that topic; `undefined` when it is wanted. */
  explain(topic: string, event: CloudEvent): Stopped | undefined {
    if (!this.fits(topic)) return { path: "topic", detail: `the topic does not fit "${this.pattern}"` };
    const { source, types } = this.#definition;
    if (source !== undefined && event.attributes.source !== source) {
      return { path: "source", detail: `the source is not "${source}"` };
    }
    if (types !== undefined && !this.#types!.has(event.attributes.type)) {
      return { path: "types", detail: `the type "${event.attributes.type}" is none of ${types.join(", ")}` };
    }
    return this.#filter?.explain(event);
  }
}
