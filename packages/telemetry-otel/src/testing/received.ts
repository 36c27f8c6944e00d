/** A span as it arrived. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty if the span has no parent. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: 'INTERNAL' | 'SERVER' | 'CLIENT' | 'other';
  readonly attributes: Readonly<Record<string, unknown>>;
  /** The ids of the spans that it is linked with. */
  readonly links: readonly string[];
  readonly isError: boolean;
  readonly startMs: number;
  readonly endMs: number;
  /** The attributes of the process that sent it. */
  readonly resource: Readonly<Record<string, unknown>>;
}

/** A metric as it arrived. */
export interface ReceivedMetric {
  readonly name: string;
  readonly kind: 'gauge' | 'sum' | 'histogram';
  /** A histogram's value is its count. */
  readonly points: readonly { readonly attributes: Readonly<Record<string, unknown>>; readonly value: number }[];
  /** The attributes of the process that sent it. */
  readonly resource: Readonly<Record<string, unknown>>;
}

interface KeyValue {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface Resource {
  readonly attributes?: readonly KeyValue[];
}

/** A request in the JSON form of OTLP, for either signal. */
export interface ExportRequest {
  readonly resourceSpans?: readonly {
    readonly resource?: Resource;
    readonly scopeSpans?: readonly { readonly spans?: readonly SpanMessage[] }[];
  }[];
  readonly resourceMetrics?: readonly {
    readonly resource?: Resource;
    readonly scopeMetrics?: readonly { readonly metrics?: readonly MetricMessage[] }[];
  }[];
}

interface SpanMessage {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly KeyValue[];
  readonly links?: readonly { readonly spanId: string }[];
  readonly status?: { readonly code?: number };
}

interface MetricMessage {
  readonly name: string;
  readonly gauge?: { readonly dataPoints?: readonly PointMessage[] };
  readonly sum?: { readonly dataPoints?: readonly PointMessage[] };
  readonly histogram?: { readonly dataPoints?: readonly PointMessage[] };
}

interface PointMessage {
  readonly attributes?: readonly KeyValue[];
  readonly asDouble?: number;
  readonly asInt?: string | number;
  readonly count?: string | number;
}

const kinds = ['other', 'INTERNAL', 'SERVER', 'CLIENT'] as const;
const errorStatus = 2;

export const spansOf = ({ resourceSpans = [] }: ExportRequest): ReceivedSpan[] =>
  resourceSpans.flatMap(({ resource, scopeSpans = [] }) =>
    scopeSpans
      .flatMap(({ spans = [] }) => spans)
      .map((span) => ({
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? '',
        name: span.name,
        kind: kinds[span.kind] ?? 'other',
        attributes: valuesOf(span.attributes),
        links: (span.links ?? []).map(({ spanId }) => spanId),
        isError: span.status?.code === errorStatus,
        startMs: Number(span.startTimeUnixNano) / 1e6,
        endMs: Number(span.endTimeUnixNano) / 1e6,
        resource: valuesOf(resource?.attributes),
      })),
  );

export const metricsOf = ({ resourceMetrics = [] }: ExportRequest): ReceivedMetric[] =>
  resourceMetrics.flatMap(({ resource, scopeMetrics = [] }) =>
    scopeMetrics
      .flatMap(({ metrics = [] }) => metrics)
      .map(({ name, gauge, sum, histogram }) => ({
        name,
        kind: gauge ? 'gauge' : sum ? 'sum' : 'histogram',
        points: ((gauge ?? sum ?? histogram)?.dataPoints ?? []).map(({ attributes, asDouble, asInt, count }) => ({
          attributes: valuesOf(attributes),
          value: Number(asDouble ?? asInt ?? count ?? 0),
        })),
        resource: valuesOf(resource?.attributes),
      })),
  );

const valuesOf = (attributes: readonly KeyValue[] = []): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
