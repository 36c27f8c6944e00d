const layers = ['domain', 'connection', 'adapter', 'context-store', 'mcp', 'app', 'tool'] as const;

/** A height in the architecture; each project has one, as the Nx tag `layer:NAME`. */
export type Layer = (typeof layers)[number];

/** The projects and the arrows between them, in the shape of `nx graph --file`. */
export interface ProjectGraph {
  readonly nodes: Readonly<
    Record<string, { readonly data: { readonly root: string; readonly tags?: readonly string[] } }>
  >;
  readonly dependencies: Readonly<Record<string, readonly ProjectDependency[]>>;
}

export interface ProjectDependency {
  readonly source: string;
  readonly target: string;
  /** True when the manifest of `source` names `target` among its devDependencies alone: only tests can reach it. */
  readonly testOnly?: boolean;
}

/** Every arrow points down, and adapters don't know each other. */
const mayUse: Readonly<Record<Layer, readonly Layer[]>> = {
  domain: [],
  connection: ['domain'],
  adapter: ['connection', 'domain'],
  'context-store': ['adapter', 'connection', 'domain'],
  mcp: ['domain'],
  app: ['mcp', 'context-store', 'adapter', 'connection', 'domain'],
  tool: layers,
};

/** What tests may use beyond that: those of the MCP surface may run it on a real store, and so may those of a cache. */
const testsMayAlsoUse: Readonly<Partial<Record<Layer, readonly Layer[]>>> = {
  adapter: ['adapter'],
  mcp: ['context-store'],
};

/**
 * Says which projects have no layer and which dependencies break the layering, one sentence each, in the graph's order.
 * None means that the graph is in order; an empty graph is too, so a caller checks that its projects are there.
 */
export function findLayerViolations(graph: ProjectGraph): string[] {
  const layerOf = new Map(Object.entries(graph.nodes).map(([name, node]) => [name, findLayer(node.data.tags ?? [])]));
  const violations: string[] = [];

  for (const [name, layer] of layerOf) {
    if (layer === undefined) violations.push(`${name} needs exactly one tag layer:NAME (${layers.join(', ')})`);
  }
  for (const { source, target, testOnly } of Object.values(graph.dependencies).flat()) {
    const from = layerOf.get(source);
    const to = layerOf.get(target);
    if (from === undefined || to === undefined) continue;
    const allowed = testOnly === true ? [...mayUse[from], ...(testsMayAlsoUse[from] ?? [])] : mayUse[from];
    if (!allowed.includes(to)) violations.push(`${source} (${from}) may not use ${target} (${to})`);
  }
  // Nx draws one arrow for the manifest and another for a dynamic import of the same project.
  return [...new Set(violations)];
}

function findLayer(tags: readonly string[]): Layer | undefined {
  const named = tags.filter((tag) => tag.startsWith('layer:')).map((tag) => tag.slice('layer:'.length));
  return named.length === 1 ? layers.find((layer) => layer === named[0]) : undefined;
}
