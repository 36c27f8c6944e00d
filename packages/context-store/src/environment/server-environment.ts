import { z } from 'zod';
import { optionalVariable, variable, type EnvironmentTable } from './environment.js';

const share = z
  .string()
  .regex(/^(?:0(?:\.\d{1,9})?|1(?:\.0{1,9})?)$/, 'a number from 0 to 1, such as 0.1')
  .transform(Number);

/** Prometheus reserves colons for recording rules, and OpenTelemetry's names begin with a letter. */
const metricsPrefix = z
  .string()
  .regex(
    /^[A-Za-z]\w{0,63}$/,
    'at most 64 letters, digits and underscores, beginning with a letter, such as context_store_',
  );

/** The variables of both servers, apart from those of every program. */
export const serverEnvironmentTable = {
  AUDIT_LOG: variable(
    z.enum(['off', 'writes', 'all'], 'one of off, writes, all'),
    'off',
    'Which calls have a line in the audit trail: off (none), writes, or all (reads too). LOG_LEVEL does not matter.',
  ),
  AUDIT_SAMPLE: variable(
    share,
    '1',
    'The share of successful calls in the audit trail, from 0 to 1. Calls that fail or are refused are always there.',
  ),
  METRICS_PREFIX: optionalVariable(
    metricsPrefix,
    'none',
    'What the names of all metrics begin with, for Prometheus and OTLP. End it with an underscore.',
  ),
} as const satisfies EnvironmentTable;
