/**
 * What routes read from a request, and what every answer about the node's state has.
 *
 * @module
 */

export { readBodyAs, readJson } from "./json_body.ts";
export { type Page, toPage } from "./page.ts";
export { type Provenance, provenance } from "./provenance.ts";
export { invalidParameter, type Query, readChoice, readCount, readLimit, readTime } from "./query.ts";
export { jsonResponse, spliceJson } from "./raw_json.ts";
export { jsonList, nextTurn, slicedBody } from "./sliced_body.ts";
export { awaitReady, type MeshReady, readReady } from "./ready.ts";
