import { accessSync, constants } from 'node:fs';

/** The values of a variable that OpenTelemetry's SDK can use. */
interface Rule {
  readonly isFollowed: (text: string) => boolean;
  readonly expected: string;
}

/** A variable that has no effect. */
export interface OtelProblem {
  readonly name: string;
  /** The line for the log. It does not repeat the value, which may be secret. */
  readonly line: string;
}

const listOf =
  (isItem: (item: string) => boolean) =>
  (text: string): boolean =>
    text.split(',').every((item) => isItem(item.trim()));

const oneOf = (...values: readonly string[]): Rule => ({
  isFollowed: listOf((item) => values.includes(item)),
  expected: values.join(' or '),
});

const pairs: Rule = {
  // A comma at the end is allowed.
  isFollowed: listOf((item) => item === '' || /^[^\s=]+\s*=/.test(item)),
  expected: 'name=value, comma-separated',
};
const milliseconds: Rule = { isFollowed: (text) => /^[1-9]\d*$/.test(text), expected: 'a number of milliseconds' };
const readableFile: Rule = { isFollowed: isReadable, expected: 'a file that can be read' };
const httpUrl: Rule = { isFollowed: isHttpUrl, expected: 'a URL of HTTP, such as http://localhost:4318' };
/** The SDK checks the value itself, and logs a wrong one. */
const checkedBySdk: Rule = { isFollowed: () => true, expected: '' };

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** The variables of the exporters. Each also exists for traces only and for metrics only. */
const exporterRules = {
  ENDPOINT: httpUrl,
  PROTOCOL: oneOf('http/protobuf', 'http/json'),
  HEADERS: pairs,
  TIMEOUT: checkedBySdk,
  COMPRESSION: checkedBySdk,
  CERTIFICATE: readableFile,
  CLIENT_CERTIFICATE: readableFile,
  CLIENT_KEY: readableFile,
} as const;

const rules: Readonly<Record<string, Rule>> = {
  OTEL_SDK_DISABLED: { isFollowed: (text) => /^(true|false)$/i.test(text), expected: 'true or false' },
  OTEL_TRACES_EXPORTER: oneOf('otlp', 'none'),
  OTEL_METRICS_EXPORTER: oneOf('otlp', 'prometheus', 'none'),
  // The programs read only these two from calls.
  OTEL_PROPAGATORS: oneOf('tracecontext', 'baggage', 'none'),
  OTEL_EXPORTER_OTLP_HEADERS_FILE: checkedBySdk,
  OTEL_SERVICE_NAME: checkedBySdk,
  OTEL_RESOURCE_ATTRIBUTES: pairs,
  OTEL_NODE_RESOURCE_DETECTORS: checkedBySdk,
  OTEL_ATTRIBUTE_COUNT_LIMIT: checkedBySdk,
  OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: checkedBySdk,
  OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: checkedBySdk,
  OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: checkedBySdk,
  OTEL_SPAN_LINK_COUNT_LIMIT: checkedBySdk,
  OTEL_TRACES_SAMPLER: checkedBySdk,
  OTEL_TRACES_SAMPLER_ARG: checkedBySdk,
  OTEL_BSP_MAX_QUEUE_SIZE: checkedBySdk,
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: checkedBySdk,
  OTEL_BSP_SCHEDULE_DELAY: checkedBySdk,
  OTEL_BSP_EXPORT_TIMEOUT: checkedBySdk,
  OTEL_METRIC_EXPORT_INTERVAL: milliseconds,
  OTEL_METRIC_EXPORT_TIMEOUT: milliseconds,
  OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: checkedBySdk,
  ...Object.fromEntries(
    ['', 'TRACES_', 'METRICS_'].flatMap((signal) =>
      Object.entries(exporterRules).map(([name, rule]) => [`OTEL_EXPORTER_OTLP_${signal}${name}`, rule]),
    ),
  ),
};

/** Returns the variables that have no effect, and that the SDK does not log. */
export function findOtelProblems(env: Readonly<Record<string, string | undefined>>): OtelProblem[] {
  const set = Object.entries(env).filter(
    ([name, text]) => name.startsWith('OTEL_') && text !== '' && text !== undefined,
  );
  return set.flatMap(([name, text = '']) => {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule?.isFollowed(text)) return [];
    if (rule !== undefined) return [{ name, line: `${name} is not followed: it is not ${rule.expected}.` }];
    // `none` turns off a feature that these programs do not have.
    return text === 'none' ? [] : [{ name, line: `${name} does nothing here.` }];
  });
}
