import type { Field, MessageType } from './decode-protobuf.js';

// Field numbers are those of opentelemetry/proto/collector/{trace,metrics}/v1. Fields that no test reads are left out.
const many = (name: string, type: MessageType): Field => ({ name, type, repeats: true });
const anyValue: MessageType = {
  1: { name: 'stringValue', type: 'text' },
  2: { name: 'boolValue', type: 'number' },
  3: { name: 'intValue', type: 'number' },
  4: { name: 'doubleValue', type: 'double' },
};
const keyValue: MessageType = { 1: { name: 'key', type: 'text' }, 2: { name: 'value', type: anyValue } };
const link: MessageType = {
  1: { name: 'traceId', type: 'hex' },
  2: { name: 'spanId', type: 'hex' },
  3: { name: 'traceState', type: 'text' },
  4: many('attributes', keyValue),
};
const event: MessageType = { 2: { name: 'name', type: 'text' }, 3: many('attributes', keyValue) };
const status: MessageType = { 2: { name: 'message', type: 'text' }, 3: { name: 'code', type: 'number' } };
const span: MessageType = {
  1: { name: 'traceId', type: 'hex' },
  2: { name: 'spanId', type: 'hex' },
  3: { name: 'traceState', type: 'text' },
  4: { name: 'parentSpanId', type: 'hex' },
  5: { name: 'name', type: 'text' },
  6: { name: 'kind', type: 'number' },
  7: { name: 'startTimeUnixNano', type: 'fixed64' },
  8: { name: 'endTimeUnixNano', type: 'fixed64' },
  9: many('attributes', keyValue),
  11: many('events', event),
  13: many('links', link),
  15: { name: 'status', type: status },
};
const resource: MessageType = { 1: many('attributes', keyValue) };
const scopeSpans: MessageType = { 2: many('spans', span) };
const resourceSpans: MessageType = { 1: { name: 'resource', type: resource }, 2: many('scopeSpans', scopeSpans) };
const numberPoint: MessageType = {
  4: { name: 'asDouble', type: 'double' },
  6: { name: 'asInt', type: 'fixed64' },
  7: many('attributes', keyValue),
};
const histogramPoint: MessageType = { 4: { name: 'count', type: 'fixed64' }, 9: many('attributes', keyValue) };
const numbers: MessageType = { 1: many('dataPoints', numberPoint) };
const metric: MessageType = {
  1: { name: 'name', type: 'text' },
  2: { name: 'description', type: 'text' },
  3: { name: 'unit', type: 'text' },
  5: { name: 'gauge', type: numbers },
  7: { name: 'sum', type: numbers },
  9: { name: 'histogram', type: { 1: many('dataPoints', histogramPoint) } },
};
const scopeMetrics: MessageType = { 2: many('metrics', metric) };
const resourceMetrics: MessageType = { 1: { name: 'resource', type: resource }, 2: many('scopeMetrics', scopeMetrics) };

/** The request that each path takes. */
export const requestTypes: Readonly<Record<string, MessageType>> = {
  '/v1/traces': { 1: many('resourceSpans', resourceSpans) },
  '/v1/metrics': { 1: many('resourceMetrics', resourceMetrics) },
};
