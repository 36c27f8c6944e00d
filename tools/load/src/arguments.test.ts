import { expect, it } from 'vitest';
import { parseArguments } from './arguments.js';

it('parses a scenario with options', () => {
  expect(parseArguments(['mixed', '--rate', '100', '--env', 'LOG_LEVEL=a=b', '--by', 'artillery'])).toMatchObject({
    action: 'artillery',
    scenario: 'mixed',
    rate: 100,
    warmupSeconds: undefined,
    runs: 1,
    env: { LOG_LEVEL: 'a=b' },
  });
  expect(parseArguments(['capacity'])).toMatchObject({ action: 'capacity', scenario: 'mixed' });
  expect([parseArguments([]).action, parseArguments(['mixed', '--help']).action]).toEqual(['help', 'help']);
});

it('parses times with and without units', () => {
  const seconds = (text: string): unknown => parseArguments(['soak', '--duration', text]).durationSeconds;
  expect(['90', '90s', '1.5m', '2h'].map(seconds)).toEqual([90, 90, 90, 7200]);
  expect(parseArguments(['soak', '--warmup', '0']).warmupSeconds).toBe(0);
});

it.each([
  [['nothing'], 'name one of capacity, mixed'],
  [['mixed', 'soak'], 'one scenario is run at a time'],
  [['mixed', '--rate', '0'], 'a number above 0'],
  [['mixed', '--runs', '1.5'], 'a whole number'],
  [['mixed', '--duration', 'long'], 'a time such as 60s'],
  [['mixed', '--duration', '0s'], 'a time such as 60s'],
  [['mixed', '--env', 'PORT'], 'NAME=VALUE'],
  [['mixed', '--by', 'k6'], 'artillery is the only choice'],
  [['mixed', '--token', 't'], 'only with --target'],
  [['mixed', '--target', 'localhost:3000/mcp'], 'localhost:3000/mcp: a URL such as'],
  [['mixed', '--target', 'http://127.0.0.1:1/mcp', '--metrics', 'ftp://127.0.0.1/'], 'ftp://127.0.0.1/: a URL'],
  [['mixed', '--target', 'http://127.0.0.1:1/mcp', '--env', 'A=b'], '--env: not with --target'],
  [['capacity', '--by', 'artillery'], '--by: not with capacity'],
  [['capacity', '--runs', '3'], '--runs: only with a scenario'],
  [['mixed', '--by', 'artillery', '--runs', '3'], '--runs: only with a scenario'],
  [['--frobnicate'], "Unknown option '--frobnicate'"],
])('refuses %j', (args, said) => {
  expect(() => parseArguments(args)).toThrow(said);
});
