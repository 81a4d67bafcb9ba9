/** Port: an address book of nodes. Never on the data path, never a failure detector: an entry is a hint, HELLO is the proof. */

/** A node as a registry knows it. */
export interface RegistryEntry {
  readonly nodeId: string;
  readonly cluster: string;
  /** `nats://host:port` of its link endpoint. */
  readonly url: string;
  /** What else it tells: `http`, `version`. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface RegistryCapabilities {
  /** `watch()` is told of changes by the registry. Without: it lists every few seconds and compares. */
  readonly pushesChanges: boolean;
  /** An entry whose node falls silent goes away by itself. Without: entries of dead nodes stay, and dials to them fail. */
  readonly expiresEntries: boolean;
}

export interface Registry extends AsyncDisposable {
  readonly capabilities: RegistryCapabilities;
  /** Registers and keeps the entry alive until `signal` aborts, then takes it out. Tries for ever; a registry that is down is only slower. */
  register(entry: RegistryEntry, options: { signal: AbortSignal }): Promise<void>;
  /** Entries of the federation now. Rejects when the registry cannot be asked; the caller goes on with what it knows. */
  list(options: { signal: AbortSignal }): Promise<readonly RegistryEntry[]>;
  /** The entries, whenever they may have changed; each answer is the whole list. Ends when `signal` aborts. */
  watch(options: { signal: AbortSignal }): AsyncIterable<readonly RegistryEntry[]>;
}
