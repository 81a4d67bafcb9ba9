/** Media types (RFC 9110 §8.3.1, RFC 6838) as far as CloudEvents needs them. */

/** A media type; type, subtype and parameter names in lower case, parameter values unquoted and as they came. */
export interface MediaType {
  readonly type: string;
  readonly subtype: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const mediaTypePattern = /^([!#$%&'*+\-.^_`|~\w]+)\/([!#$%&'*+\-.^_`|~\w]+)[ \t]*(?:;|$)/;
const parameterPattern =
  /;[ \t]*(?:([!#$%&'*+\-.^_`|~\w]+)=(?:([!#$%&'*+\-.^_`|~\w]+)|"((?:[^"\\]|\\.)*)")[ \t]*)?(?=;|$)/y;

/** Reads a media type; `undefined` if `text` is none. Of a repeated parameter the first counts. */
export function parseMediaType(text: string): MediaType | undefined {
  const essence = mediaTypePattern.exec(text);
  if (essence === null) return undefined;
  const parameters = parseParameters(text, essence[0].endsWith(";") ? essence[0].length - 1 : text.length);
  if (parameters === undefined) return undefined;
  return { type: essence[1].toLowerCase(), subtype: essence[2].toLowerCase(), parameters };
}

function parseParameters(text: string, from: number): Map<string, string> | undefined {
  const parameters = new Map<string, string>();
  parameterPattern.lastIndex = from;
  for (let end = from; end < text.length; end = parameterPattern.lastIndex) {
    const match = parameterPattern.exec(text);
    if (match === null) return undefined;
    const name = match[1]?.toLowerCase();
    if (name === undefined || parameters.has(name)) continue;
    parameters.set(name, match[2] ?? match[3].replaceAll(/\\(.)/g, "$1"));
  }
  return parameters;
}

/** Whether data of that type is JSON: subtype `json` or a `+json` suffix (CloudEvents JSON format 1.0.2 §3.1). */
export function isJsonMediaType(text: string): boolean {
  if (text === "application/json") return true;
  const mediaType = parseMediaType(text);
  return mediaType !== undefined && (mediaType.subtype === "json" || mediaType.subtype.endsWith("+json"));
}

/** Whether data of that type is text in UTF-8, so that it may stand in JSON as a string. */
export function isUtf8TextMediaType(text: string): boolean {
  const mediaType = parseMediaType(text);
  return mediaType?.type === "text" && isUtf8Charset(mediaType.parameters.get("charset"));
}

/** Whether a `charset` parameter, or its absence, means UTF-8. */
export function isUtf8Charset(charset: string | undefined): boolean {
  return charset === undefined || /^(utf-?8|us-ascii)$/i.test(charset);
}
