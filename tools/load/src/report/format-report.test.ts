import type { Percentiles } from '@org/measure/latencies';
import { expect, it } from 'vitest';
import type { LoadReport } from './build-report.js';
import { describeUnmeasured, formatReport, verdictTable } from './format-report.js';

const percentiles = (ms: number): Percentiles => ({ p50: ms, p95: ms, p99: ms, max: ms });

const report = (values: Partial<LoadReport> = {}): LoadReport => ({
  scenario: 'reads',
  title: 'Reads.',
  startedAt: '2026-01-31T12:00:00Z',
  driver: 'open loop',
  voidBecause: [],
  environment: {},
  workload: {},
  seconds: 1,
  client: {
    tools: [{ tool: 'getContext', calls: 20, errors: 0, fromSend: percentiles(3) }],
    calls: 20,
    errorCodes: {},
  },
  server: { calls: { getContext: 18 }, statements: 0 },
  figures: { p95Ms: 3, errorShare: 0 },
  verdicts: [],
  ...values,
});

it('says that the server ended, and shows the end of its log', () => {
  const markdown = formatReport(report({ endedEarly: 'the server ended by SIGKILL', lastLog: 'one\ntwo' }));
  expect(markdown).toContain('**PARTIAL**: the server ended by SIGKILL.\n\nThe last lines of its log:');
  expect(markdown).toContain('```text\none\ntwo\n```');
});

it('says that the machine was disturbed', () => {
  const cpu = { parts: {}, machine: 0, others: 0, stolen: 100 };
  expect(formatReport(report({ cpu }))).toContain('**DISTURBED');
});

it('names the bars that could not be measured', () => {
  const verdicts = [{ bar: 'errors ≤ 0 %', value: '0 %', holds: true }, { bar: 'memory < 80 %' }];
  expect(verdictTable(verdicts, false)).toMatch(/memory < 80 % +\| not measured +\| not judged/);
  expect(describeUnmeasured(verdicts)).toEqual([expect.stringContaining('**NOT MEASURED**: memory < 80 %.')]);
  expect(describeUnmeasured(verdicts.slice(0, 1))).toEqual([]);
});
