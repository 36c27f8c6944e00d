import { environmentTable, type EnvironmentTable } from '@org/context-store/environment';
import { otelEnvironmentTable } from '@org/context-store/otel-environment';
import { serverEnvironmentTable } from '@org/context-store/server-environment';
import { errorCodes, handoffTransitions, knownClients, scopes, sessionTransitions, type Scope } from '@org/domain';
import { resourceScopes, resourceUris, toolScopes } from '@org/mcp';
import { httpEnvironmentTable } from '@org/mcp-http/environment';
import {
  describeMetric,
  httpMetrics,
  processMetrics,
  refusalReasons,
  spanAttributes,
  spans,
  storeMetrics,
  type Metric,
} from '@org/telemetry-otel';
import {
  annotationsReference,
  limitsReference,
  objectsReference,
  promptsReference,
  resourcesReference,
  toolsReference,
} from './api-reference.js';
import {
  commandsReference,
  commonOptionsReference,
  exitCodesReference,
  serverVariablesReference,
} from './command-line-reference.js';
import { configurationExamples } from './configuration-examples.js';
import { libraryMethodsReference, libraryOptionsReference } from './library-options.js';
import { markdownTable } from './markdown-table.js';
import { stateDiagram } from './state-diagram.js';

const httpOnly = Object.fromEntries(
  Object.entries(httpEnvironmentTable).filter(
    ([name]) => !(name in environmentTable || name in serverEnvironmentTable || name in otelEnvironmentTable),
  ),
);

const variablesTable = (variables: EnvironmentTable): string =>
  markdownTable(
    ['variable', 'what it is for', 'default', 'example'],
    Object.entries(variables).map(([name, { description, default: preset, isSecret }]) => [
      isSecret === true ? `\`${name}\`, \`_FILE\`` : `\`${name}\``,
      description,
      preset,
      `\`${configurationExamples[name] ?? ''}\``,
    ]),
  );

const metricsTable = (metrics: Readonly<Record<string, Metric>>): string =>
  markdownTable(
    ['metric', 'kind', 'labels', 'what it tells'],
    Object.entries(metrics).map(([name, metric]) => [
      `\`${name}\``,
      metric.kind,
      Object.entries(metric.labels ?? {})
        .map(([label, values]) => `\`${label}\`: ${values}`)
        .join('; '),
      describeMetric(metric),
    ]),
  );

const namesOf = (needed: Readonly<Record<string, Scope>>, scope: Scope): string[] =>
  Object.keys(needed).filter((name) => needed[name] === scope);

const scopesTable = markdownTable(
  ['scope', 'what for', 'tools', 'resources'],
  (Object.keys(scopes) as Scope[]).map((scope) => [
    `\`${scope}\``,
    scopes[scope],
    namesOf(toolScopes, scope)
      .map((name) => `\`${name}\``)
      .join(', '),
    namesOf(resourceScopes, scope)
      .map((name) => `\`${resourceUris[name as keyof typeof resourceUris]}\``)
      .join(', '),
  ]),
);

/** The generated sections of the documents in `docs`, by file and name. */
export const generatedDocs: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'guides/handoffs.md': {
    'session states': stateDiagram(sessionTransitions, 'active'),
    'handoff states': stateDiagram(handoffTransitions, 'pending'),
  },
  'reference/configuration.md': {
    'every program': variablesTable(environmentTable),
    'both servers': variablesTable(serverEnvironmentTable),
    'mcp-http': variablesTable(httpOnly),
    traces: variablesTable(otelEnvironmentTable),
    'known clients': markdownTable(
      ['client', 'reports', 'agent'],
      knownClients.map(({ program, reports, agent }) => [program, `\`${reports}\``, `\`${agent}\``]),
    ),
  },
  'operations/authentication.md': { scopes: scopesTable },
  'reference/metrics.md': {
    metrics: metricsTable(storeMetrics),
    'http metrics': metricsTable(httpMetrics),
    refusals: markdownTable(
      ['reason', 'status', 'why'],
      Object.entries(refusalReasons).map(([reason, { status, meaning }]) => [`\`${reason}\``, status, meaning]),
    ),
    'process metrics': metricsTable(processMetrics),
  },
  'operations/observability/traces.md': {
    spans: markdownTable(
      ['span of a', 'name, for example', 'kind', 'what it is'],
      Object.entries(spans).map(([span, { name, kind, description }]) => [span, name, kind, description]),
    ),
    'span attributes': markdownTable(
      ['attribute', 'of a', 'what it tells'],
      Object.entries(spanAttributes).map(([name, { of, description }]) => [`\`${name}\``, of.join(', '), description]),
    ),
  },
  'reference/command-line.md': {
    'common options': commonOptionsReference(),
    'server variables': serverVariablesReference(),
    'exit codes': exitCodesReference(),
    commands: commandsReference(),
  },
  'reference/api.md': {
    tools: toolsReference(),
    objects: objectsReference(),
    annotations: annotationsReference(),
    limits: limitsReference(),
    resources: resourcesReference(),
    prompts: promptsReference(),
    'library options': libraryOptionsReference(),
    'library methods': libraryMethodsReference(),
  },
  'reference/errors.md': {
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
