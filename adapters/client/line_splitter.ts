/** Cuts text that comes in pieces into lines that end in LF, CR or CRLF. */

const LINE_END = /\r\n|\r|\n/g;

/** Looks at each character once, however long a line is and wherever it is cut. */
export class LineSplitter {
  readonly #lengthMax: number;
  #pieces: string[] = [];
  #length = 0;
  #afterCr = false;

  /** `lengthMax`: of an unfinished line, in characters. */
  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax;
  }

  /** The lines that `text` completes. Throws `RangeError` for a line that never ends. */
  push(text: string): string[] {
    const lines: string[] = [];
    let from = this.#afterCr && text.startsWith("\n") ? 1 : 0; // the second half of a CRLF
    if (text !== "") this.#afterCr = text.endsWith("\r");
    LINE_END.lastIndex = from;
    for (let end = LINE_END.exec(text); end !== null; end = LINE_END.exec(text)) {
      lines.push(this.#finish(text.slice(from, end.index)));
      from = LINE_END.lastIndex;
    }
    this.#keep(text.slice(from));
    return lines;
  }

  #finish(end: string): string {
    if (this.#pieces.length === 0) return end;
    const line = this.#pieces.join("") + end;
    this.#pieces = [];
    this.#length = 0;
    return line;
  }

  #keep(piece: string): void {
    if (piece === "") return;
    this.#pieces.push(piece);
    this.#length += piece.length;
    if (this.#length > this.#lengthMax) {
      throw new RangeError(`Cannot read event stream: a line is longer than ${this.#lengthMax} characters`);
    }
  }
}
