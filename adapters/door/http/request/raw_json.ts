/** JSON answers that hold events: their text is put in as it is, so that big numbers and member order survive. */

/** A JSON object of `members`, and after them those of `raw`, whose values are JSON text already. */
export function spliceJson(members: Readonly<Record<string, unknown>>, raw: Readonly<Record<string, string>>): string {
  let text = JSON.stringify(members).slice(0, -1);
  for (const name in raw) text += `${text.length > 1 ? "," : ""}${JSON.stringify(name)}:${raw[name]}`;
  return `${text}}`;
}

/** An answer of JSON text. */
export function jsonResponse(text: string): Response {
  return new Response(text, { headers: { "content-type": "application/json" } });
}
