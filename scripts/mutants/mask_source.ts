/** TypeScript without what is no code: comments become blanks, strings, patterns and texts of templates underscores. */

/** A `/` behind one of these begins a pattern; behind anything else it divides. */
const BEFORE_PATTERN = /(?:^|[(,=:[!&|?{};+\-*%~^<>]|\breturn|\btypeof|\bcase)\s*$/;

/** As long as the source, line by line the same. Code inside of `${…}` stays. */
export function maskSource(source: string): string {
  let masked = "";
  /** Open braces inside of each `${…}` that encloses this place. */
  const templates: number[] = [];
  let at = 0;
  const blankTo = (end: number, filler = "_"): void => {
    masked += source.slice(at, end).replace(/[^\n]/g, filler);
    at = end;
  };
  const keep = (count: number): void => {
    masked += source.slice(at, at + count);
    at += count;
  };
  while (at < source.length) {
    const two = source.slice(at, at + 2);
    const char = source[at];
    if (two === "//") blankTo(endOf(source, "\n", at), " ");
    else if (two === "/*") blankTo(endOf(source, "*/", at) + 2, " ");
    else if (char === '"' || char === "'") blankTo(endOfQuoted(source, at));
    else if (char === "/" && BEFORE_PATTERN.test(masked.slice(-40))) blankTo(endOfPattern(source, at));
    else if (char === "`" || (char === "}" && templates.at(-1) === 0)) {
      if (char === "}") templates.pop();
      const end = endOfTemplatePart(source, at + 1);
      const opens = source.startsWith("${", end);
      blankTo(end + (opens ? 2 : 1));
      if (opens) templates.push(0);
    } else {
      if (templates.length > 0 && char === "{") templates[templates.length - 1]++;
      if (templates.length > 0 && char === "}") templates[templates.length - 1]--;
      keep(1);
    }
  }
  return masked;
}

function endOf(source: string, mark: string, from: number): number {
  const end = source.indexOf(mark, from);
  return end < 0 ? source.length : end;
}

function endOfQuoted(source: string, from: number): number {
  for (let at = from + 1; at < source.length; at++) {
    if (source[at] === "\\") at++;
    else if (source[at] === source[from]) return at + 1;
  }
  return source.length;
}

/** Behind the pattern and its flags. */
function endOfPattern(source: string, from: number): number {
  let inClass = false;
  for (let at = from + 1; at < source.length; at++) {
    const char = source[at];
    if (char === "\\") at++;
    else if (char === "[") inClass = true;
    else if (char === "]") inClass = false;
    else if (char === "/" && !inClass) return at + 1 + /^[a-z]*/.exec(source.slice(at + 1))![0].length;
  }
  return source.length;
}

/** The place of the closing backtick, or of the `${`. */
function endOfTemplatePart(source: string, from: number): number {
  for (let at = from; at < source.length; at++) {
    if (source[at] === "\\") at++;
    else if (source[at] === "`" || source.startsWith("${", at)) return at;
  }
  return source.length;
}
