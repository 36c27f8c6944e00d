import { describe, expect, it } from 'vitest';
import { findLayerViolations, type ProjectDependency, type ProjectGraph } from './find-layer-violations.js';

describe('findLayerViolations', () => {
  it('accepts arrows that point down', () => {
    const graph = graphOf(
      { app: 'app', mcp: 'mcp', store: 'context-store', sqlite: 'adapter', domain: 'domain', demo: 'tool' },
      [
        uses('app', 'mcp'),
        uses('app', 'store'),
        uses('store', 'sqlite'),
        uses('sqlite', 'domain'),
        uses('mcp', 'domain'),
        uses('demo', 'app'),
      ],
    );
    expect(findLayerViolations(graph)).toEqual([]);
  });

  it.each([
    ['domain', 'adapter'],
    ['domain', 'store-contract'],
    ['store-contract', 'adapter'],
    ['adapter', 'store-contract'],
    ['adapter', 'context-store'],
    ['mcp', 'context-store'],
    ['context-store', 'mcp'],
    ['mcp', 'app'],
    ['app', 'tool'],
  ])('refuses an upward or crossing arrow from %s to %s', (from, to) => {
    const graph = graphOf({ a: from, b: to }, [uses('a', 'b')]);
    expect(findLayerViolations(graph)).toEqual([`a (${from}) may not use b (${to})`]);
  });

  it.each(['domain', 'store-contract', 'adapter', 'context-store', 'mcp', 'app', 'cli'])(
    'refuses an arrow between two projects of layer %s',
    (layer) => {
      const graph = graphOf({ a: layer, b: layer }, [uses('a', 'b')]);
      expect(findLayerViolations(graph)).toEqual([`a (${layer}) may not use b (${layer})`]);
    },
  );

  it('lets the tests of the MCP surface and of adapters run them on a real store, and nothing else', () => {
    const layers = {
      mcp: 'mcp',
      store: 'context-store',
      app: 'app',
      domain: 'domain',
      contract: 'store-contract',
      cache: 'adapter',
      sql: 'adapter',
    };
    const allowed = [
      testUses('mcp', 'store'),
      testUses('mcp', 'contract'),
      testUses('cache', 'sql'),
      testUses('cache', 'contract'),
    ];
    expect(findLayerViolations(graphOf(layers, allowed))).toEqual([]);
    const forbidden = [testUses('mcp', 'app'), testUses('domain', 'mcp'), testUses('domain', 'contract')];
    expect(findLayerViolations(graphOf(layers, forbidden))).toEqual([
      'mcp (mcp) may not use app (app)',
      'domain (domain) may not use mcp (mcp)',
      'domain (domain) may not use contract (store-contract)',
    ]);
  });

  it.each([[[]], [['layer:unheard-of']], [['layer:domain', 'layer:mcp']]])('refuses a project tagged %j', (tags) => {
    const graph: ProjectGraph = { nodes: { a: { data: { root: 'a', tags } } }, dependencies: {} };
    expect(findLayerViolations(graph)).toEqual([
      'a needs exactly one tag layer:NAME (domain, store-contract, connection, adapter, context-store, mcp, app, cli, tool)',
    ]);
  });

  it('names a violation once, however many arrows Nx draws', () => {
    const graph = graphOf({ a: 'domain', b: 'mcp' }, [uses('a', 'b'), uses('a', 'b')]);
    expect(findLayerViolations(graph)).toHaveLength(1);
  });
});

function graphOf(layers: Record<string, string>, dependencies: ProjectDependency[]): ProjectGraph {
  return {
    nodes: Object.fromEntries(
      Object.entries(layers).map(([name, layer]) => [name, { data: { root: name, tags: [`layer:${layer}`] } }]),
    ),
    dependencies: { all: dependencies },
  };
}

function uses(source: string, target: string): ProjectDependency {
  return { source, target };
}

function testUses(source: string, target: string): ProjectDependency {
  return { source, target, testOnly: true };
}
