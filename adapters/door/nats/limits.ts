/** Bounds of the NATS endpoint that no setting changes, each with its reason. */

/** An operation's line, without its name: what nats-server allows. */
export const CONTROL_LINE_BYTES_MAX = 4096;
/** Bytes that may wait for a client that takes none; a frame of a link or a burst of events is far smaller. */
export const PENDING_BYTES_MAX = 10 * 1024 * 1024;
/** A client with that much waiting is slow once it took nothing for this long, ms. */
export const FULL_STALL_MS = 1000;
/** Beyond this a client is slow however fast it reads: memory is everybody's. */
export const PENDING_BYTES_LIMIT = 64 * 1024 * 1024;
/** A client that takes nothing of what waits for it is slow after this long, ms: nats-server's write deadline. */
export const STALL_MS = 10_000;
/** Bytes that may wait before no more events are taken from the log for a client; it then lags there, which costs no memory. */
export const EVENTS_PENDING_BYTES = 1024 * 1024;
/** Events of one client on their way to the store; past either its socket is not read. */
export const ACCEPTING_EVENTS_MAX = 4096;
export const ACCEPTING_BYTES_MAX = 8 * 1024 * 1024;
/** Each has a reader of the log or an entry of a table. */
export const SUBSCRIPTIONS_MAX = 10_000;
/** How long a client may take to say who it is, ms; nats-server gives 2 s, a loaded machine needs more. */
export const GREETING_MS = 5000;
/** How often all connections are looked at, ms: for stalls, silence and late greetings. */
export const WATCH_EVERY_MS = 1000;
/** PINGs that may be unanswered, as nats-server has it. */
export const PINGS_OUT_MAX = 2;
