import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { LoadReport } from '../src/report/build-report.js';
import { load, readReport } from './load-command.js';

const minutes = 60_000;

it(
  'lets Artillery run a scenario, and reports it like any other',
  async () => {
    const reports = await mkdtemp(join(tmpdir(), 'load-artillery-'));
    onTestFinished(() => rm(reports, { recursive: true }));
    const args = ['--rate', '20', '--duration', '5s', '--warmup', '1s', '--sessions', '50', '--reports', reports];
    const { code, stderr } = await load(['mixed', '--artillery', ...args]);
    expect([0, 1], stderr).toContain(code);
    const { json, markdown, files } = await readReport<LoadReport>(reports);

    expect(json.driver).toBe('Artillery');
    expect(json.client.errorCodes).toEqual({});
    expect(json.client.tools.map(({ tool }) => tool)).toEqual(['registerSession', 'requestHandoff', 'updateContext']);
    // Six seconds of twenty; the warm-up counts.
    expect(json.client.calls).toBeGreaterThanOrEqual(110);
    expect(json.client.calls).toBeLessThanOrEqual(130);
    for (const { fromSend, fromStart } of json.client.tools) {
      expect(fromSend.p95).toBeGreaterThanOrEqual(fromSend.p50);
      expect(fromStart).toBeUndefined();
    }
    // Each of its calls reached the server, whose own figures are in the report.
    const served = Object.values(json.server?.calls ?? {}).reduce((sum, calls) => sum + calls, 0);
    expect(served).toBe(json.client.calls);
    expect(Object.keys(json.cpu?.parts ?? {})).toEqual(expect.arrayContaining(['server', 'PostgreSQL', 'driver']));
    expect(markdown).toContain('by Artillery, which times from the send');
    expect(files).toEqual(expect.arrayContaining(['artillery.json', 'artillery-report.json', 'report.md']));
  },
  10 * minutes,
);
