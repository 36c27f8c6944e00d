/** What a release is published as. To publish a fork, change this file alone. */
export const releaseSettings = {
  /** The npm scope of the packages. The workspace calls them `@org/…`. */
  scope: '@org',
  repository: 'https://github.com/org/context-store',
  /** The name in the MCP registry, which reads it from the manifest on npm as proof. */
  mcpName: 'io.github.org/context-store',
  author: 'The authors of the context store',
} as const;
