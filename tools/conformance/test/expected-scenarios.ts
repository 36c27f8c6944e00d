import type { Revision } from './run-conformance.js';

/** The expected result of each scenario of a revision. A scenario in none of the lists is new: examine and list it. */
interface ExpectedScenarios {
  /** Pass on the unchanged product. */
  readonly needNothing: readonly string[];
  /** Call a tool, prompt or resource of a fixed name, so they pass on the fixtures only. */
  readonly needFixtures: readonly string[];
  /**
   * Use a feature that the product does not offer, and does not declare: it has no log for clients, and a legacy request
   * over HTTP has no connection that could tell of changes. Pass on the fixtures, which declare it.
   */
  readonly needFeatures: readonly string[];
  /** Need a connection on which the server calls the client, so they fail everywhere. */
  readonly needSessions: readonly string[];
  /** Use what no server here offers, and what a server need not: extensions, and headers that mirror arguments. */
  readonly needExtensions: readonly string[];
  /** Check nothing on the product, and pass on the fixtures. */
  readonly vacuousOnProduct: readonly string[];
  /** Check nothing: they concern resumption, or the suite has not written them yet. */
  readonly vacuous: readonly string[];
}

export const expectedScenarios: Readonly<Record<Revision, ExpectedScenarios>> = {
  '2025-11-25': {
    needNothing: [
      'dns-rebinding-protection',
      'ping',
      'prompts-list',
      'resources-list',
      'server-initialize',
      'server-session-lifecycle',
      'server-sse-multiple-streams',
      'tools-list',
    ],
    needFixtures: [
      'completion-complete',
      'json-schema-2020-12',
      'prompts-get-embedded-resource',
      'prompts-get-simple',
      'prompts-get-with-args',
      'prompts-get-with-image',
      'resources-read-binary',
      'resources-read-text',
      'resources-templates-read',
      'tools-call-audio',
      'tools-call-embedded-resource',
      'tools-call-error',
      'tools-call-image',
      'tools-call-mixed-content',
      'tools-call-simple-text',
      'tools-call-with-progress',
    ],
    needFeatures: ['logging-set-level', 'resources-subscribe', 'resources-unsubscribe', 'tools-call-with-logging'],
    needSessions: [
      'elicitation-sep1034-defaults',
      'elicitation-sep1330-enums',
      'tools-call-elicitation',
      'tools-call-sampling',
    ],
    needExtensions: [],
    vacuousOnProduct: [],
    vacuous: ['server-sse-polling'],
  },
  '2026-07-28': {
    needNothing: [
      'caching',
      'dns-rebinding-protection',
      'http-header-validation',
      'input-required-result-unsupported-methods',
      'input-required-result-validate-input',
      'prompts-list',
      'resources-list',
      'sep-2164-resource-not-found',
      'server-sse-multiple-streams',
      'tools-list',
    ],
    needFixtures: [
      'completion-complete',
      'input-required-result-basic-elicitation',
      'input-required-result-basic-list-roots',
      'input-required-result-basic-sampling',
      'input-required-result-capability-check',
      'input-required-result-multi-round',
      'input-required-result-multiple-input-requests',
      'input-required-result-non-tool-request',
      'input-required-result-request-state',
      'input-required-result-result-type',
      'input-required-result-tampered-state',
      'json-schema-2020-12',
      'prompts-get-embedded-resource',
      'prompts-get-simple',
      'prompts-get-with-args',
      'prompts-get-with-image',
      'resources-read-binary',
      'resources-read-text',
      'resources-templates-read',
      'server-stateless',
      'tools-call-audio',
      'tools-call-embedded-resource',
      'tools-call-error',
      'tools-call-image',
      'tools-call-mixed-content',
      'tools-call-simple-text',
      'tools-call-with-progress',
    ],
    needFeatures: [],
    needSessions: [],
    needExtensions: [
      'http-custom-header-server-validation',
      'tasks-capability-negotiation',
      'tasks-dispatch-and-envelope',
      'tasks-lifecycle',
      'tasks-mrtr-composition',
      'tasks-mrtr-input',
      'tasks-request-headers',
      'tasks-request-state-removal',
      'tasks-required-task-error',
      'tasks-wire-fields',
    ],
    vacuousOnProduct: ['input-required-result-ignore-extra-params', 'input-required-result-missing-input-response'],
    vacuous: ['tasks-status-notifications'],
  },
};

/** How the suite says that a fixture is missing. */
export const missingFixture =
  /\btest_\w+|test:\/\/|json_schema_2020_12_tool|Expected InputRequiredResult|get initial InputRequiredResult/;
