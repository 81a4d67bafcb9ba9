/** Renders the pages of `docs/` that follow from the source: `bun scripts/docs.ts`. A test fails when one is stale. */

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { toOpenApiDocument } from "../adapters/door/http/openapi/document.ts";
import { configJsonSchema } from "../adapters/config/mod.ts";
import { VERSION } from "../adapters/version.ts";
import { renderConfigurationPage, renderErrorsPage, renderMetricsPage } from "./docs/mod.ts";

/** Text of each generated page by its path from the root of the project. */
export async function renderPages(): Promise<Readonly<Record<string, string>>> {
  return {
    "docs/configuration.md": await renderConfigurationPage(),
    "docs/errors.md": renderErrorsPage(),
    "docs/metrics.md": await renderMetricsPage(),
    "docs/openapi.json": toJsonText(toOpenApiDocument(VERSION)),
    "docs/weft.schema.json": toJsonText(await configJsonSchema()),
  };
}

function toJsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

if (import.meta.main) {
  const root = fileURLToPath(new URL("../", import.meta.url));
  for (const [path, text] of Object.entries(await renderPages())) {
    writeFileSync(root + path, text);
    console.log(`Wrote ${path}`);
  }
}
