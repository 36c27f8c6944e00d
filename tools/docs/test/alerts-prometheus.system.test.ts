import { spawnSync } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

const folder = fileURLToPath(new URL('../../../docs/operations/observability', import.meta.url));

const promtool = (...args: string[]): { status: number | null; output: string } => {
  const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
};

it('has alert rules that Prometheus takes', () => {
  const { status, output } = promtool('check', 'rules', join(folder, 'alerts.yml'));
  expect(output).toMatch(/SUCCESS: \d+ rules found/);
  expect(status).toBe(0);
});

it('has alerts that fire on bad data and are silent on good', () => {
  expect(promtool('test', 'rules', join(folder, 'alerts.test.yml'))).toMatchObject({ status: 0 });
});

it.each([
  ['a bound that is never reached', /> 0\.7/, '> 7'],
  ['a bound that is always reached', /> 100/, '> 10'],
  ['calls that wait on purpose', ',waits="false"', ''],
  ['mistakes of clients', ',outcome="fault"', ',outcome!="ok"'],
  ['calls whose clients left, by their duration', 'outcome=~"ok|client_error"', 'outcome!~"fault|refused"'],
  ['calls that were refused, by their duration', 'outcome=~"ok|client_error"', 'outcome!~"cancelled|fault"'],
  [
    'calls that the server could not serve, by their duration',
    'outcome=~"ok|client_error"',
    'outcome!~"cancelled|refused"',
  ],
  ['calls whose clients left, among all', 'outcome!~"cancelled|refused"', 'outcome!="refused"'],
  ['calls that were refused, among all', 'outcome!~"cancelled|refused"', 'outcome!="cancelled"'],
  ['calls that are served, among those that wait for their turn', ',state="queued"', ',state=~"queued|served"'],
  ['a queue that is empty for a moment', 'quantile_over_time(0.5,', 'quantile_over_time(0.1,'],
  ['a queue that is long for a moment', 'quantile_over_time(0.5,', 'quantile_over_time(1,'],
  ['a cache that is hardly asked', '> 1\n', '> 0\n'],
  ['what clients do wrong at the door', 'status=~"5.."', 'status=~"..."'],
  ['what lasts a moment', /for: 2m/, 'for: 0m'],
])('has tests that see %s', async (_name, found, replacement) => {
  const copy = await mkdtemp(join(tmpdir(), 'alerts-'));
  onTestFinished(() => rm(copy, { recursive: true }));
  const rules = await readFile(join(folder, 'alerts.yml'), 'utf8');
  const changed = rules.replace(found, replacement);
  expect(changed).not.toBe(rules);
  await writeFile(join(copy, 'alerts.yml'), changed);
  await copyFile(join(folder, 'alerts.test.yml'), join(copy, 'alerts.test.yml'));
  expect(promtool('test', 'rules', join(copy, 'alerts.test.yml'))).toMatchObject({ status: 1 });
});
