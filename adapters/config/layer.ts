/** A source of configuration, and how sources lie on top of each other. */

/** A tree of settings as somebody wrote it: not checked yet. */
export type ConfigTree = { readonly [key: string]: unknown };

export interface Layer {
  /** What `config show` names as source: `weft.yaml`, `environment`, `flags`. */
  readonly source: string;
  readonly values: ConfigTree;
  /** Where a path was written, for messages: `weft.yaml:3:5`, `WEFT_HTTP__PORT`. Falls back to `source`. */
  locate(path: string): string | undefined;
}

/** The layers as one tree: later layers win, objects merge, lists and values replace. */
export function mergeLayers(layers: readonly Layer[]): ConfigTree {
  return layers.reduce<ConfigTree>((tree, layer) => mergeTrees(tree, layer.values), {});
}

/** The strongest layer that says something at this path or at a list or object that holds it. */
export function findLayer(layers: readonly Layer[], path: string): Layer | undefined {
  return layers.findLast((layer) => speaksOf(layer.values, toSteps(path)));
}

/** A tree with one value at a path. */
export function treeOf(path: string, value: unknown): ConfigTree {
  return toSteps(path).reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as ConfigTree;
}

export function mergeTrees(under: ConfigTree, over: ConfigTree): ConfigTree {
  const merged: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined) continue;
    const below = merged[key];
    merged[key] = isTree(below) && isTree(value) ? mergeTrees(below, value) : value;
  }
  return merged;
}

export function isTree(value: unknown): value is ConfigTree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function speaksOf(values: unknown, [key, ...rest]: readonly string[]): boolean {
  if (key === undefined) return values !== undefined;
  // A list is replaced as a whole, so whoever wrote the list wrote its items.
  if (!isTree(values)) return values !== undefined;
  return key in values && speaksOf(values[key], rest);
}

function toSteps(path: string): readonly string[] {
  return path.split(/[.[\]]+/).filter((step) => step !== "");
}
