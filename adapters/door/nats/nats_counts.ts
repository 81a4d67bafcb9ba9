/** What the NATS endpoint counts. The door bumps numbers; metrics read them. */

import { counter, gauge, type MetricDefinition } from "../../telemetry/mod.ts";
import type { RefusalReason } from "./admission.ts";

export class NatsCounts {
  /** Connected now. */
  clients = 0;
  links = 0;
  messagesIn = 0;
  messagesOut = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** Connections cut because they did not read. */
  slowConsumers = 0;
  /** Messages that were refused: of a bad form, not allowed, too large. */
  refusedMessages = 0;
  /** Connections ended for what they sent. */
  faults = 0;
  readonly refusals = new Map<RefusalReason, number>();

  noteRefusal(reason: RefusalReason): void {
    this.refusals.set(reason, (this.refusals.get(reason) ?? 0) + 1);
  }
}

const REASONS: readonly RefusalReason[] = ["missing", "token", "password", "nkey", "unavailable", "timeout", "link"];

export function natsMetrics(counts: NatsCounts): MetricDefinition[] {
  return [
    gauge("weft_nats_connections", "Connections to the NATS endpoint, by what they are.", () => [
      { labels: { kind: "client" }, value: counts.clients },
      { labels: { kind: "link" }, value: counts.links },
    ]),
    counter("weft_nats_messages_total", "Messages from and to NATS clients and links.", () => [
      { labels: { direction: "in" }, value: counts.messagesIn },
      { labels: { direction: "out" }, value: counts.messagesOut },
    ]),
    counter("weft_nats_bytes_total", "Bytes from and to NATS clients and links.", () => [
      { labels: { direction: "in" }, value: counts.bytesIn },
      { labels: { direction: "out" }, value: counts.bytesOut },
    ]),
    counter("weft_nats_refused_messages_total", "Messages of NATS clients that became no event.", () => {
      return counts.refusedMessages;
    }),
    counter("weft_nats_slow_consumers_total", "NATS connections that were cut because they did not read.", () => {
      return counts.slowConsumers;
    }),
    counter("weft_nats_protocol_faults_total", "NATS connections that were ended for what they sent.", () => {
      return counts.faults;
    }),
    counter("weft_nats_refused_connections_total", "NATS connections that were not let in, by reason.", () => {
      return REASONS.map((reason) => ({ labels: { reason }, value: counts.refusals.get(reason) ?? 0 }));
    }),
  ];
}
