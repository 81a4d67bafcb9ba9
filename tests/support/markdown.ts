/** What tests ask of a page in Markdown: its code blocks, links, headings and code spans. */

export interface CodeBlock {
  /** The word after the fence; empty when there is none. */
  readonly language: string;
  readonly text: string;
  /** Of the opening fence, from 1. */
  readonly line: number;
}

export function codeBlocks(page: string): readonly CodeBlock[] {
  return [...page.matchAll(/^ *```(\w*)[^\n]*\n([\s\S]*?)^ *```$/gm)].map((match) => ({
    language: match[1],
    text: match[2].trimEnd(),
    line: page.slice(0, match.index).split("\n").length,
  }));
}

/** Targets of `[text](target)`, outside of code. */
export function linkTargets(page: string): readonly string[] {
  return [...withoutCode(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target);
}

/** Anchors that its headings get: lower case, words joined by hyphens, punctuation left out. */
export function anchors(page: string): ReadonlySet<string> {
  const headings = withoutBlocks(page).matchAll(/^#{1,6} +(.+)$/gm);
  return new Set(
    [...headings].map(([, heading]) => heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-")),
  );
}

/** Texts in single backticks, outside of blocks. */
export function codeSpans(page: string): readonly string[] {
  return [...withoutBlocks(page).matchAll(/`([^`\n]+)`/g)].map(([, text]) => text);
}

function withoutBlocks(page: string): string {
  return page.replace(/^ *```[\s\S]*?^ *```$/gm, "");
}

function withoutCode(page: string): string {
  return withoutBlocks(page).replace(/`[^`\n]+`/g, "");
}
