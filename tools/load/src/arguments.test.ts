import { expect, it } from 'vitest';
import { parseArguments } from './arguments.js';

it('parses a scenario with options', () => {
  expect(parseArguments(['mixed', '--rate', '100', '--duration', '60s'])).toMatchObject({
    action: 'run',
    scenario: 'mixed',
    rate: 100,
    durationSeconds: 60,
    warmupSeconds: undefined,
    runs: 1,
    era: 'modern',
    target: undefined,
  });
});

it('parses times with and without units', () => {
  const seconds = (text: string): unknown => parseArguments(['soak', '--duration', text]).durationSeconds;
  expect(['90', '90s', '1.5m', '2h'].map(seconds)).toEqual([90, 90, 90, 7200]);
});

it('collects variables, whose values may have an equals sign', () => {
  const { env } = parseArguments(['reads', '--env', 'CACHE_REDIS=true', '--env', 'LOG_LEVEL=a=b']);
  expect(env).toEqual({ CACHE_REDIS: 'true', LOG_LEVEL: 'a=b' });
});

it('knows the actions that are no scenario', () => {
  expect(parseArguments(['capacity'])).toMatchObject({ action: 'capacity', scenario: 'mixed' });
  expect(parseArguments(['knee'])).toEqual(parseArguments(['capacity']));
  expect(parseArguments(['memory'])).toMatchObject({ action: 'memory', scenario: 'memory', flows: 1_100_000 });
  expect([parseArguments([]).action, parseArguments(['mixed', '--help']).action]).toEqual(['help', 'help']);
});

it.each([
  [['nothing'], 'name one of capacity, memory, mixed'],
  [['mixed', '--rate', '0'], 'a number above 0'],
  [['mixed', '--duration', 'long'], 'a time such as 60s'],
  [['mixed', '--env', 'PORT'], 'NAME=VALUE'],
  [['mixed', '--era', 'old'], 'modern or legacy'],
  [['mixed', '--token', 't'], 'only with --target'],
  [['memory', '--target', 'http://127.0.0.1:1/mcp'], 'memory needs a server'],
  [['mixed', 'soak'], 'mixed soak: name one of'],
  [['mixed', '--duration', '0s'], 'a time above 0'],
  [['mixed', '--runs', '1.5'], 'a whole number'],
  [['mixed', '--target', 'localhost'], 'localhost: a URL such as'],
  [['mixed', '--target', 'localhost:3000/mcp'], 'localhost:3000/mcp: a URL such as'],
  [['mixed', '--target', 'http://127.0.0.1:1/mcp', '--metrics', 'ftp://127.0.0.1/'], 'ftp://127.0.0.1/: a URL'],
  [['capacity', '--artillery'], 'not with capacity'],
  [['capacity', '--runs', '3'], '--runs: not with capacity, but with mixed, ramp, reads, sessions-10k, soak.'],
  [['memory', '--rate', '100'], '--rate: not with memory, but with mixed, ramp, reads, sessions-10k, soak, capacity.'],
  [['memory', '--duration', '60s'], '--duration: not with memory'],
  [['memory', '--warmup', '0s'], '--warmup: not with memory'],
  [['memory', '--runs', '1'], '--runs: not with memory'],
  [['mixed', '--flows', '10'], '--flows: not with mixed, but with memory.'],
  [['mixed', '--target', 'http://127.0.0.1:1/mcp', '--env', 'A=b'], '--env: not with --target'],
  [['--frobnicate'], "Unknown option '--frobnicate'"],
])('refuses %j', (args, said) => {
  expect(() => parseArguments(args)).toThrow(said);
});
