import { expect, it } from 'vitest';
import { readEnvironment } from './environment.js';
import { serverEnvironmentTable } from './server-environment.js';

const read = (env: Record<string, string>) => readEnvironment(serverEnvironmentTable, env);

it('audits nothing and prefixes no metric by default', () => {
  expect(read({})).toEqual({ AUDIT_LOG: 'off', AUDIT_SAMPLE: 1, METRICS_PREFIX: undefined });
});

it.each(['0', '0.25', '1', '1.0'])('takes %s as a share', (AUDIT_SAMPLE) => {
  expect(read({ AUDIT_SAMPLE })).toMatchObject({ AUDIT_SAMPLE: Number(AUDIT_SAMPLE) });
});

it.each([
  [{ AUDIT_LOG: 'reads' }, 'AUDIT_LOG is not valid: one of off, writes, all'],
  [{ AUDIT_SAMPLE: '1.5' }, 'AUDIT_SAMPLE is not valid: a number from 0 to 1'],
  [{ AUDIT_SAMPLE: '10%' }, 'AUDIT_SAMPLE is not valid: a number from 0 to 1'],
  [{ METRICS_PREFIX: '9_' }, 'METRICS_PREFIX is not valid: at most 64 letters, digits and underscores'],
  [{ METRICS_PREFIX: '__' }, 'METRICS_PREFIX is not valid'],
  [{ METRICS_PREFIX: 'job:' }, 'METRICS_PREFIX is not valid'],
  [{ METRICS_PREFIX: 'context-store_' }, 'METRICS_PREFIX is not valid'],
  [{ METRICS_PREFIX: 'a'.repeat(65) }, 'METRICS_PREFIX is not valid'],
])('refuses %j', (env, problem) => {
  expect(() => read(env)).toThrow(problem);
});
