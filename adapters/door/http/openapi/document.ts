/** The whole description of the HTTP API. */

import { COMPONENTS } from "./components.ts";
import { INSPECT_OPERATIONS } from "./inspect_operations.ts";
import { MESH_OPERATIONS } from "./mesh_operations.ts";
import { type Operation, toOperationObject } from "./operation.ts";
import { PUBLISH_OPERATIONS } from "./publish_operations.ts";
import { ref } from "./schema.ts";
import { SUBSCRIPTION_OPERATIONS } from "./subscription_operations.ts";

export const OPERATIONS: readonly Operation[] = [
  ...PUBLISH_OPERATIONS,
  ...SUBSCRIPTION_OPERATIONS,
  ...INSPECT_OPERATIONS,
  ...MESH_OPERATIONS,
];

/** An OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1). `version`: of the node. */
export function toOpenApiDocument(version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of OPERATIONS) (paths[operation.path] ??= {})[operation.method] = toOperationObject(operation);
  return {
    openapi: "3.1.1",
    info: {
      title: "Weft",
      version,
      description:
        "A node of a federated event mesh: CloudEvents in, CloudEvents out. Errors are RFC 9457 problem documents.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas: COMPONENTS,
      responses: {
        Problem: {
          description: "What went wrong.",
          content: { "application/problem+json": { schema: ref("Problem") } },
        },
      },
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "A token of auth.tokens, or a JWT of auth.jwt." },
      },
    },
  };
}
