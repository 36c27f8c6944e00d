import { accessSync, constants } from 'node:fs';

/** What a value must be for OpenTelemetry, and ours of it, to follow it. */
interface Rule {
  readonly isUnderstood: (text: string) => boolean;
  readonly expected: string;
}

const listOf =
  (isItem: (item: string) => boolean) =>
  (text: string): boolean =>
    text.split(',').every((item) => isItem(item.trim()));

const oneOf = (...values: readonly string[]): Rule => ({
  isUnderstood: listOf((item) => values.includes(item)),
  expected: values.join(' or '),
});

const pairs: Rule = {
  // A comma at the end is allowed.
  isUnderstood: listOf((item) => item === '' || /^[^\s=]+\s*=/.test(item)),
  expected: 'name=value, comma-separated',
};
const milliseconds: Rule = { isUnderstood: (text) => /^\d+$/.test(text), expected: 'a number of milliseconds' };
const readableFile: Rule = { isUnderstood: isReadable, expected: 'a file that can be read' };
/** Is checked where it is used. */
const anything: Rule = { isUnderstood: () => true, expected: '' };

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** Of the exporter: each is there for traces alone as well. */
const exporterRules = {
  ENDPOINT: anything,
  PROTOCOL: anything,
  HEADERS: pairs,
  TIMEOUT: milliseconds,
  COMPRESSION: oneOf('gzip', 'none'),
  CERTIFICATE: readableFile,
  CLIENT_CERTIFICATE: readableFile,
  CLIENT_KEY: readableFile,
} as const;

const rules: Readonly<Record<string, Rule>> = {
  OTEL_SDK_DISABLED: { isUnderstood: (text) => /^(true|false)$/i.test(text), expected: 'true or false' },
  OTEL_TRACES_EXPORTER: oneOf('otlp', 'none'),
  OTEL_PROPAGATORS: oneOf('tracecontext', 'baggage', 'none'),
  OTEL_EXPORTER_OTLP_HEADERS_FILE: anything,
  OTEL_SERVICE_NAME: anything,
  OTEL_RESOURCE_ATTRIBUTES: pairs,
  OTEL_TRACES_SAMPLER: anything,
  OTEL_TRACES_SAMPLER_ARG: anything,
  OTEL_BSP_MAX_QUEUE_SIZE: anything,
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: anything,
  OTEL_BSP_SCHEDULE_DELAY: anything,
  OTEL_BSP_EXPORT_TIMEOUT: anything,
  ...Object.fromEntries(
    Object.entries(exporterRules).flatMap(([name, rule]) => [
      [`OTEL_EXPORTER_OTLP_${name}`, rule],
      [`OTEL_EXPORTER_OTLP_TRACES_${name}`, rule],
    ]),
  ),
};

/** A line for each variable that OpenTelemetry would ignore without a word. It repeats no value: one may be a secret. */
export function findOtelProblems(env: Readonly<Record<string, string | undefined>>): string[] {
  const set = Object.entries(env).filter(
    ([name, text]) => name.startsWith('OTEL_') && text !== '' && text !== undefined,
  );
  return set.flatMap(([name, text = '']) => {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    // `none` switches off what this program does not have.
    if (rule === undefined) return text === 'none' ? [] : [`${name} does nothing here.`];
    return rule.isUnderstood(text) ? [] : [`${name} is not followed: it is not ${rule.expected}.`];
  });
}
