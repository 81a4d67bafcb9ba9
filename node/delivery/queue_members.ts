/** Who takes from a queue, and when they are told that there may be something. */

/** A pushing worker, a pull request that waits, a stream of a group. */
export interface QueueMember {
  /** There may be something to take. Must not throw. */
  onReady(): void;
}

export class QueueMembers {
  readonly #members: QueueMember[] = [];
  #asked = false;

  get size(): number {
    return this.#members.length;
  }

  join(member: QueueMember): void {
    this.#members.push(member);
  }

  leave(member: QueueMember): void {
    const at = this.#members.indexOf(member);
    if (at >= 0) this.#members.splice(at, 1);
  }

  /** Tells all, each time another one first, so that a group shares its work. */
  wake(): void {
    const first = this.#members.shift();
    if (first === undefined) return;
    this.#members.push(first);
    first.onReady();
    for (const member of [...this.#members]) if (member !== first) member.onReady();
  }

  /** Somebody would take more if there were room. */
  askForRoom(): void {
    this.#asked = true;
  }

  /** There is room again: tells all, if somebody asked. */
  tellOfRoom(): void {
    if (!this.#asked) return;
    this.#asked = false;
    this.wake();
  }
}
