/** The JSON Schema of the configuration file, for editors and checks elsewhere. */

import * as v from "valibot";

import { ConfigSchema } from "./config_schema.ts";

/** JSON Schema (draft 7) of what people may write. */
export async function configJsonSchema(): Promise<Readonly<Record<string, unknown>>> {
  // Loaded here: a node that starts has no use for it.
  const { toJsonSchema } = await import("@valibot/to-json-schema");
  const schema = toJsonSchema(ConfigSchema, {
    typeMode: "input",
    // Checks that JSON Schema has no words for, such as the syntax of patterns, are left to `weft config validate`.
    errorMode: "ignore",
    overrideAction: ({ valibotAction, jsonSchema }) =>
      valibotAction.type === "metadata" ? withoutOurMarks(jsonSchema) : undefined,
    // The conversion of a size or a duration ends what people write, and with it the description that stands behind it.
    overrideSchema: ({ valibotSchema, jsonSchema }) => {
      if (valibotSchema.type !== "optional") return undefined;
      const description = v.getDescription((valibotSchema as v.OptionalSchema<v.GenericSchema, unknown>).wrapped);
      return description === undefined ? undefined : { description, ...jsonSchema };
    },
  });
  return { title: "Configuration of a Weft node", ...schema };
}

/** What `value_types.ts` notes for us means nothing to others. */
function withoutOurMarks(schema: object): object {
  const { kind: _kind, secret: _secret, ...rest } = schema as { kind?: unknown; secret?: unknown };
  return rest;
}
