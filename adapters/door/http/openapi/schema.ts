/** JSON Schema fragments that the descriptions share. */

/** A JSON Schema 2020-12 object. */
export type Schema = Readonly<Record<string, unknown>>;

export const text = (description: string): Schema => ({ type: "string", description });
export const count = (description: string): Schema => ({ type: "integer", description });
export const flag = (description: string): Schema => ({ type: "boolean", description });
export const time = (description: string): Schema => ({ type: "string", format: "date-time", description });
export const oneOf = (...values: readonly string[]): Schema => ({ type: "string", enum: values });
export const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: "null" }] });
export const listOf = (items: Schema): Schema => ({ type: "array", items });

/** A schema of `components`, by name. */
export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

/** An object with these members, of which those in `optional` may be absent. Members may be added later. */
export function object(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  return { type: "object", properties, required: Object.keys(properties).filter((name) => !optional.includes(name)) };
}

/** The members that every answer about the state of a node has. */
export const PROVENANCE: Readonly<Record<string, Schema>> = {
  node: text("Who answered."),
  cluster: text("Its cluster."),
  at: time("When."),
};

/** A page of entries under the key `plural`. */
export function pageOf(plural: string, entry: Schema, more: Readonly<Record<string, Schema>> = {}): Schema {
  return object({
    ...more,
    [plural]: listOf(entry),
    next: orNull(text("Send it as `after` for the next page; null at the end.")),
    ...PROVENANCE,
  });
}

/** A schema with the members that every answer about the state of a node has. */
export function located(schema: Schema): Schema {
  return { allOf: [schema, object(PROVENANCE)] };
}
