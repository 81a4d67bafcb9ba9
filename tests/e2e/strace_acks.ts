/** Reads a trace of system calls and finds acknowledgements that went out before what they stand for was on the disk. */

/** Texts by which a trace shows that something is written, and that it is acknowledged. */
export interface AckMark {
  readonly written: string;
  readonly acknowledged: string;
}

export interface EarlyAck extends AckMark {
  readonly reason: "not acknowledged" | "never written" | "not synced before";
}

/** Arguments of `strace` that make a trace this can read. */
export function straceCommand(traceFile: string): string[] {
  const calls = "fsync,fdatasync,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg";
  // A page of the write-ahead log has 4,096 bytes; seccomp keeps calls that are not traced at full speed.
  return ["strace", "-f", "--seccomp-bpf", "-s", "5000", "-e", `trace=${calls}`, "-e", "signal=none", "-o", traceFile];
}

interface Call {
  readonly name: string;
  readonly descriptor: string;
  readonly text: string;
  readonly ok: boolean;
  /** Lines of the trace in which it begins and ends. */
  readonly start: number;
  readonly end: number;
}

/**
 * Every mark must be written, then synced on the same descriptor by a call that began after the write had returned, and
 * acknowledged by a call that began after that sync had returned. Answers the marks for which that is not so.
 */
export function findEarlyAcks(trace: string, marks: readonly AckMark[]): EarlyAck[] {
  const calls = parseTrace(trace);
  const syncs = calls.filter(({ name, ok }) => ok && name.endsWith("sync"));
  const writes = calls.filter(({ name }) => !name.endsWith("sync"));
  const early: EarlyAck[] = [];
  for (const mark of marks) {
    const reason = reasonOf(mark);
    if (reason !== undefined) early.push({ ...mark, reason });
  }
  return early;

  function reasonOf(mark: AckMark): EarlyAck["reason"] | undefined {
    const ack = writes.find(({ text }) => text.includes(mark.acknowledged));
    if (ack === undefined) return "not acknowledged";
    const write = writes.find(({ text, end }) => end < ack.start && text.includes(mark.written));
    if (write === undefined) return "never written";
    const synced = syncs.some(({ descriptor, start, end }) =>
      descriptor === write.descriptor && start > write.end && end < ack.start
    );
    return synced ? undefined : "not synced before";
  }
}

/** `pid call(descriptor, …) = result`; a call that others interrupt stands on two lines, `<unfinished …>` and `resumed`. */
function parseTrace(trace: string): Call[] {
  const calls: Call[] = [];
  const open = new Map<string, { name: string; text: string; start: number }>();
  for (const [line, raw] of trace.split("\n").entries()) {
    const match = /^(\d+)\s+(?:<\.\.\. )?(\w+)/.exec(raw);
    if (match === null) continue;
    const [, pid, name] = match;
    const text = raw.replaceAll('\\"', '"');
    const began = raw.includes("resumed>") ? open.get(`${pid} ${name}`) : undefined;
    if (raw.includes("<unfinished ...>")) {
      open.set(`${pid} ${name}`, { name, text, start: line });
      continue;
    }
    const whole = (began?.text ?? "") + text;
    const descriptor = /\((\d+)/.exec(whole)?.[1] ?? "";
    calls.push({ name, descriptor, text: whole, ok: /= 0$/.test(raw), start: began?.start ?? line, end: line });
  }
  return calls;
}
