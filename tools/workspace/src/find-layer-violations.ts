const layers = [
  'domain',
  'store-contract',
  'connection',
  'adapter',
  'context-store',
  'mcp',
  'app',
  'cli',
  'tool',
] as const;

/** A layer of the architecture. Each project names one by the Nx tag `layer:NAME`. */
export type Layer = (typeof layers)[number];

/** The projects and their dependencies, in the format of `nx graph --file`. */
export interface ProjectGraph {
  readonly nodes: Readonly<
    Record<string, { readonly data: { readonly root: string; readonly tags?: readonly string[] } }>
  >;
  readonly dependencies: Readonly<Record<string, readonly ProjectDependency[]>>;
}

export interface ProjectDependency {
  readonly source: string;
  readonly target: string;
  /** True if `target` is only a devDependency of `source`: only tests can import it. */
  readonly testOnly?: boolean;
}

/** The layers that each layer may depend on: those below it. Adapters do not depend on each other. */
const mayUse: Readonly<Record<Layer, readonly Layer[]>> = {
  domain: [],
  'store-contract': ['domain'],
  connection: ['domain'],
  adapter: ['connection', 'domain'],
  'context-store': ['adapter', 'connection', 'domain'],
  mcp: ['domain'],
  app: ['mcp', 'context-store', 'adapter', 'connection', 'domain'],
  // The command can also be the server that local clients start.
  cli: ['app', 'context-store', 'adapter', 'connection', 'domain'],
  tool: layers,
};

/** The layers that tests may use in addition: tests of the MCP tools and of the cache run on real stores,
 * and those of adapters run the suites of every store. */
const testsMayAlsoUse: Readonly<Partial<Record<Layer, readonly Layer[]>>> = {
  adapter: ['store-contract', 'adapter'],
  mcp: ['store-contract', 'context-store'],
};

/**
 * Returns one sentence for each project without a layer, and for each dependency that its layer forbids.
 * Returns none for an empty graph, so callers check that the graph has their projects.
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
  // Nx reports a dependency twice if the source also imports it dynamically.
  return [...new Set(violations)];
}

function findLayer(tags: readonly string[]): Layer | undefined {
  const named = tags.filter((tag) => tag.startsWith('layer:')).map((tag) => tag.slice('layer:'.length));
  return named.length === 1 ? layers.find((layer) => layer === named[0]) : undefined;
}
