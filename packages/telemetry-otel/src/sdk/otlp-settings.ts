import { getNumberFromEnv, getStringFromEnv } from '@opentelemetry/core';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  type BatchSpanProcessorOptions,
  type Sampler,
} from '@opentelemetry/sdk-trace';

/** What the environment says of traces. The exporter itself reads what else is for it: headers, timeout, certificates. */
export interface OtlpSettings {
  readonly url: URL;
  /** The variable that says so, or would. */
  readonly urlVariable: string;
  readonly protocol: Protocol;
  readonly sampler: Sampler;
  readonly batches: Omit<BatchSpanProcessorOptions, 'exporter'>;
}

/** A variable says something that cannot be done. The message names it, and what it may say. */
export class SettingProblem extends Error {}

const protocols = ['http/protobuf', 'http/json'] as const;
type Protocol = (typeof protocols)[number];

const specificEndpoint = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
const commonEndpoint = 'OTEL_EXPORTER_OTLP_ENDPOINT';

/** Reads the process's environment. @throws SettingProblem */
export function readOtlpSettings(): OtlpSettings {
  return {
    ...readUrl(),
    protocol: readProtocol(),
    sampler: readSampler(),
    batches: {
      maxQueueSize: readCount('OTEL_BSP_MAX_QUEUE_SIZE', 2048),
      maxExportBatchSize: readCount('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512),
      scheduledDelayMillis: readCount('OTEL_BSP_SCHEDULE_DELAY', 5000),
      exportTimeoutMillis: readCount('OTEL_BSP_EXPORT_TIMEOUT', 30_000),
    },
  };
}

/** The exporter would go to its default address when it cannot read the one that it was given. */
function readUrl(): Pick<OtlpSettings, 'url' | 'urlVariable'> {
  const specific = getStringFromEnv(specificEndpoint);
  if (specific !== undefined) return { url: parseUrl(specificEndpoint, specific), urlVariable: specificEndpoint };
  const common = getStringFromEnv(commonEndpoint) ?? 'http://localhost:4318';
  const url = parseUrl(commonEndpoint, common);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/traces`;
  return { url, urlVariable: commonEndpoint };
}

function parseUrl(name: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new SettingProblem(`${name} is no URL of HTTP, such as http://localhost:4318.`);
  }
  return url;
}

function readProtocol(): Protocol {
  const specific = 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL';
  const name = getStringFromEnv(specific) === undefined ? 'OTEL_EXPORTER_OTLP_PROTOCOL' : specific;
  const given = getStringFromEnv(name) ?? protocols[0];
  const found = protocols.find((protocol) => protocol === given.trim());
  if (found === undefined) throw problem(name, given, protocols.join(' or '));
  return found;
}

function readSampler(): Sampler {
  const name = getStringFromEnv('OTEL_TRACES_SAMPLER') ?? 'parentbased_always_on';
  const prefix = 'parentbased_';
  const root = rootSampler(name.replace(prefix, ''));
  return name.startsWith(prefix) ? new ParentBasedSampler({ root }) : root;
}

function rootSampler(name: string): Sampler {
  switch (name) {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(readRatio());
    default:
      throw problem(
        'OTEL_TRACES_SAMPLER',
        name,
        'always_on, always_off or traceidratio, or one of them behind parentbased_',
      );
  }
}

function readRatio(): number {
  const name = 'OTEL_TRACES_SAMPLER_ARG';
  const text = getStringFromEnv(name) ?? '1';
  const ratio = Number(text);
  if (!(ratio >= 0 && ratio <= 1)) throw problem(name, text, 'a share from 0 to 1');
  return ratio;
}

function readCount(name: string, preset: number): number {
  const text = getStringFromEnv(name);
  const value = text === undefined ? preset : getNumberFromEnv(name);
  if (value === undefined || !Number.isSafeInteger(value) || value < 1) {
    throw problem(name, text ?? '', 'a whole number from 1');
  }
  return value;
}

const problem = (name: string, value: string, expected: string): SettingProblem =>
  new SettingProblem(`${name} is ${JSON.stringify(value.slice(0, 100))}, not ${expected}.`);
