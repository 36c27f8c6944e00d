import type { McpClient } from '@org/measure/mcp-client';
import type { Flow } from './scenario.js';

/** One call, on the clock of `performance.now()`. */
export interface CallRecord {
  readonly tool: string;
  /** When it was due. The first call of a flow is due when the flow is, even if the driver is late. */
  readonly intendedMs: number;
  readonly sentMs: number;
  readonly endMs: number;
  /** Undefined if it succeeded. */
  readonly errorCode: string | undefined;
}

export interface RunFlowOptions {
  readonly flow: Flow;
  /** The values of placeholders. */
  readonly variables: Readonly<Record<string, string>>;
  readonly client: Pick<McpClient, 'callTool'>;
  readonly intendedMs: number;
  readonly record: (call: CallRecord) => void;
}

/** Makes the calls of a flow, up to the first one that fails. Never throws. */
export async function runFlow({ flow, variables, client, intendedMs, record }: RunFlowOptions): Promise<void> {
  const known: Record<string, string> = { ...variables };
  let dueMs = intendedMs;
  for (const { tool, arguments: template, capture } of flow.flow) {
    const args = fillTemplate(template, known);
    const sentMs = performance.now();
    const answer = await client.callTool(tool, args);
    const endMs = performance.now();
    const errorCode = 'errorCode' in answer ? answer.errorCode : captureInto(known, answer.result, capture);
    record({ tool, intendedMs: dueMs, sentMs, endMs, errorCode });
    if (errorCode !== undefined) return;
    dueMs = endMs;
  }
}

/** Replaces each `{{ name }}` in the texts by its value. A name without a value stays, for the server to refuse. */
export function fillTemplate(
  template: Readonly<Record<string, unknown>>,
  variables: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const fill = (text: string): string =>
    text.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (whole, name: string) => variables[name] ?? whole);
  const filled = Object.entries(template).map(([name, value]) => [
    name,
    typeof value === 'string' ? fill(value) : value,
  ]);
  return Object.fromEntries(filled) as Record<string, unknown>;
}

/** Keeps what later calls need. Returns what the result lacks, if anything. */
function captureInto(known: Record<string, string>, result: unknown, capture: Flow['flow'][number]['capture']) {
  for (const [name, path] of Object.entries(capture)) {
    let value = result;
    for (const key of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[key];
    if (typeof value !== 'string') return `no ${path} in the result`;
    known[name] = value;
  }
  return undefined;
}

/** Takes items in turn by their weights, spread as evenly as possible (smooth weighted round-robin). */
export function takeByWeight<T extends { readonly weight: number }>(items: readonly T[]): () => T {
  const total = items.reduce((sum, { weight }) => sum + weight, 0);
  const credits = items.map((item) => ({ item, credit: 0 }));
  return () => {
    for (const entry of credits) entry.credit += entry.item.weight;
    const richest = credits.reduce((best, entry) => (entry.credit > best.credit ? entry : best));
    richest.credit -= total;
    return richest.item;
  };
}
