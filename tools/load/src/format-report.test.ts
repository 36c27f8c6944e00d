import { describe, expect, it } from 'vitest';
import { describeDisturbance, describeUnmeasured, formatReport, verdictTable } from './format-report.js';
import type { Percentiles } from './latencies.js';
import type { Agreement, LoadReport } from './report.js';

const percentiles = (ms: number): Percentiles => ({ p50: ms, p95: ms, p99: ms, max: ms });
const bucket = { ms: 1, aboveMs: 0, atMostMs: 2 };
const agreement = (outcome: Agreement['outcome']): Agreement => ({
  tool: 'getContext',
  percentile: 'p50',
  clientMs: 3,
  serverMs: [1, 2],
  outcome,
});

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
    ping: percentiles(0.5),
    timeline: [],
  },
  server: { tools: { getContext: { calls: 18, p50: bucket, p95: bucket, p99: bucket } }, statements: 0 },
  agreement: [],
  parts: {},
  machine: {},
  figures: { p95Ms: 3, errorShare: 0 },
  verdicts: [],
  timeline: [],
  ...values,
});

describe('server and client', () => {
  const said = (values: Partial<LoadReport>): string => formatReport(report(values), []);

  it('agree, or differ by what clients measured beyond the server, or below it', () => {
    const differences = {
      'They agree': said({ agreement: [agreement('explained by a ping')] }),
      'more than the server, by more than a ping takes: getContext p50': said({
        agreement: [agreement('client slower')],
      }),
      'less than the server: getContext p50': said({ agreement: [agreement('client faster')] }),
    };
    for (const [text, markdown] of Object.entries(differences)) {
      const found = Object.keys(differences).filter((other) => markdown.includes(other));
      expect(found).toEqual([text]);
    }
  });

  it('did not count the same calls where clients were faster', () => {
    expect(said({ agreement: [agreement('client faster')] })).toContain('(clients and server: getContext 20 and 18)');
  });

  it('are not compared by a ping that nobody answered', () => {
    const { ping: _ping, ...client } = report().client;
    const markdown = said({ client, agreement: [agreement('client slower')] });
    expect(markdown).toContain('more than the server, and no ping was answered to compare with');
  });

  it('are not compared for too few calls, which is said', () => {
    const markdown = said({ agreement: [agreement('within the bucket')] });
    expect(markdown).toContain('Not compared, for too few calls: p95, p99 of getContext (20 calls).');
  });
});

it('says that the server ended, and what it said last', () => {
  const markdown = formatReport(report({ endedEarly: 'the server ended by SIGKILL', lastLog: ['one', 'two'] }), []);
  expect(markdown).toContain('**PARTIAL**: the server ended by SIGKILL.\n\nThe last lines of its log:');
  expect(markdown).toContain('```text\none\ntwo\n```');
});

it('counts what the host took as a disturbance', () => {
  expect(describeDisturbance({ othersShare: 0.1, stolenShare: 0.04 })).toBeUndefined();
  expect(describeDisturbance({ othersShare: 0.01, stolenShare: 0.4 })).toContain(
    'other processes used 1 % of the CPU, and the host of the machine took 40 %',
  );
  expect(formatReport(report({ machine: { stolenShare: 0.4 } }), [])).toContain('**DISTURBED**');
});

it('names the bars that could not be measured', () => {
  const verdicts = [{ bar: 'errors ≤ 0 %', value: '0 %', holds: true }, { bar: 'memory < 80 %' }];
  expect(verdictTable(verdicts, false)).toMatch(/memory < 80 % +\| not measured +\| not judged/);
  expect(describeUnmeasured(verdicts)).toContain('**NOT MEASURED**: memory < 80 %.');
  expect(describeUnmeasured(verdicts.slice(0, 1))).toBeUndefined();
});
