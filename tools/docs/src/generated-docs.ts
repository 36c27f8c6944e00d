import { environmentTable, type EnvironmentTable } from '@org/context-store/environment';
import { errorCodes, handoffTransitions, sessionTransitions } from '@org/domain';
import { httpEnvironmentTable } from '@org/mcp-http/environment';
import { processMetrics, storeMetrics, type Metric } from '@org/telemetry-otel';
import { markdownTable } from './markdown-table.js';
import { stateDiagram } from './state-diagram.js';

const httpOnly = Object.fromEntries(
  Object.entries(httpEnvironmentTable).filter(([name]) => !(name in environmentTable)),
);

const variablesTable = (variables: EnvironmentTable): string =>
  markdownTable(
    ['variable', 'what it is for', 'default'],
    Object.entries(variables).map(([name, { description, default: preset }]) => [`\`${name}\``, description, preset]),
  );

const metricsTable = (metrics: Readonly<Record<string, Metric>>): string =>
  markdownTable(
    ['metric', 'kind', 'labels', 'what it tells'],
    Object.entries(metrics).map(([name, { kind, labels = {}, description }]) => [
      `\`${name}\``,
      kind,
      Object.entries(labels)
        .map(([label, values]) => `\`${label}\`: ${values}`)
        .join('; '),
      description,
    ]),
  );

/** The generated sections of the documents in `docs`, by file and name. */
export const generatedDocs: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'handoff.md': {
    'session states': stateDiagram(sessionTransitions, 'active'),
    'handoff states': stateDiagram(handoffTransitions, 'pending'),
  },
  'configuration.md': { 'every program': variablesTable(environmentTable), 'mcp-http': variablesTable(httpOnly) },
  'observability/README.md': {
    metrics: metricsTable(storeMetrics),
    'process metrics': metricsTable(processMetrics),
  },
  'errors.md': {
    errors: markdownTable(
      ['code', 'retry', 'meaning'],
      Object.entries(errorCodes).map(([code, { retryable, meaning }]) => [
        `\`${code}\``,
        retryable ? 'yes' : 'no',
        meaning,
      ]),
    ),
  },
};
