import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { load } from './load-command.js';

it('lets Artillery run a scenario, and judge it by the same bars', { timeout: 600_000 }, async () => {
  const reports = await mkdtemp(join(tmpdir(), 'load-artillery-'));
  onTestFinished(() => rm(reports, { recursive: true }));
  const args = ['--rate', '20', '--duration', '5s', '--warmup', '1s', '--sessions', '50', '--reports', reports];
  const { code, stdout, stderr } = await load(['mixed', '--by', 'artillery', ...args]);
  expect(stdout, stderr).toMatch(/(ok|fail): mcp\.updateContext\.p95 < 10/);
  expect(stdout).toContain('ok: maxErrorRate < 0');
  expect(code).toBe(stdout.includes('fail: ') ? 1 : 0);

  const [folder = ''] = readdirSync(reports);
  const { aggregate } = JSON.parse(await readFile(join(reports, folder, 'artillery-report.json'), 'utf8')) as {
    aggregate: { counters: Record<string, number>; summaries: Record<string, { count: number }> };
  };
  const { counters, summaries } = aggregate;
  // Six seconds of twenty; the warm-up counts.
  expect(counters['vusers.created']).toBeGreaterThanOrEqual(110);
  expect(counters['vusers.completed']).toBe(counters['vusers.created']);
  const calls = ['registerSession', 'requestHandoff', 'updateContext'].map(
    (tool) => summaries[`mcp.${tool}`]?.count ?? 0,
  );
  expect(Math.min(...calls)).toBeGreaterThan(0);
  expect(calls.reduce((sum, count) => sum + count, 0)).toBe(counters['vusers.created']);
});
