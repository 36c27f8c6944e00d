/** A package that is published, and how it is made from a project of the workspace. */
export interface ReleasedPackage {
  /** The folder of the project. */
  readonly folder: string;
  readonly keywords: readonly string[];
  /** What is not bundled, and installed with the package. */
  readonly dependencies: readonly string[];
  /** What is not bundled, and installed only by those who use it. */
  readonly optionalPeers: readonly string[];
  /** Whether the MCP registry lists it. The registry reads its own name from the manifest on npm, as proof. */
  readonly isInMcpRegistry?: boolean;
  /** The files of a library: the built module of each entry point. Default: the package is a program, bundled already. */
  readonly entries?: Readonly<Record<string, string>>;
}

const keywords = ['mcp', 'model-context-protocol', 'ai-agents', 'context', 'handoff'];

/** Everything that is published. The other projects of the workspace are parts of these. */
export const releasedPackages: readonly ReleasedPackage[] = [
  {
    folder: 'apps/mcp-stdio',
    isInMcpRegistry: true,
    keywords: [...keywords, 'mcp-server'],
    dependencies: ['better-sqlite3'],
    optionalPeers: [],
  },
  {
    folder: 'apps/cli',
    keywords: [...keywords, 'mcp-server', 'cli'],
    dependencies: ['better-sqlite3'],
    optionalPeers: [],
  },
  {
    folder: 'packages/context-store',
    keywords: [...keywords, 'event-log', 'sqlite', 'postgresql'],
    dependencies: ['better-sqlite3'],
    optionalPeers: ['@opentelemetry/api', '@redis/client', 'pg'],
    entries: {
      '.': 'packages/context-store/dist/index',
      './telemetry': 'packages/telemetry-otel/dist/index',
    },
  },
];
