/** Reads the JUnit reports of `bun test` and `deno test`, which differ in how they name a test. */

export interface TestResult {
  /** Groups from the outside in, then the title, joined by ` > `. */
  readonly name: string;
  readonly state: "passed" | "failed" | "skipped";
}

export function parseTestReport(xml: string): readonly TestResult[] {
  // A test case is an empty element, or holds what became of it; a testcase never holds another.
  const cases = xml.matchAll(/<testcase\b([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g);
  return [...cases].map(([, attributes, content = ""]) => ({ name: nameOf(attributes), state: stateOf(content) }));
}

function nameOf(attributes: string): string {
  const title = attributeOf(attributes, "name");
  const groups = attributeOf(attributes, "classname");
  // Deno names the file as class, and the groups in the title. Bun names the groups from the inside out.
  if (groups === "" || /\.ts$/.test(groups)) return title;
  return [...groups.split(" > ").reverse(), title].join(" > ");
}

function stateOf(content: string): TestResult["state"] {
  if (content.includes("<skipped")) return "skipped";
  return /<(failure|error)\b/.test(content) ? "failed" : "passed";
}

function attributeOf(attributes: string, name: string): string {
  const [, value = ""] = new RegExp(`\\b${name}="([^"]*)"`).exec(attributes) ?? [];
  return value.replace(/&(lt|gt|quot|apos|amp|#\d+|#x[\da-f]+);/gi, (_, entity: string) => decode(entity));
}

function decode(entity: string): string {
  const named: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  if (entity in named) return named[entity];
  return String.fromCodePoint(/^#x/i.test(entity) ? parseInt(entity.slice(2), 16) : Number(entity.slice(1)));
}
