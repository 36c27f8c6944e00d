import * as fc from 'fast-check';
import { messageText, type Era } from './messages.js';
import { parsed } from './answers.js';

type Headers = Readonly<Record<string, string>>;

/** One that is well-formed as HTTP, whatever it says. */
export interface HttpCase {
  readonly kind: 'request';
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly text: string;
}

/** What is written to a connection, piece by piece, before its end. */
export interface WireCase {
  readonly kind: 'wire';
  readonly pieces: readonly string[];
}

const oddValue = fc.oneof(
  fc.constantFrom(
    '',
    '*/*',
    'text/html',
    'text/event-stream',
    'application/json',
    'application/json; charset=utf-16',
    'application/json;;=',
    'APPLICATION/JSON',
    'multipart/form-data; boundary=x',
    '__proto__',
    '2026-07-28',
    '2025-03-26',
    '1',
    '-1',
    '=?base64?SGVsbG8?=',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    'Bearer x',
    'localhost:1',
    '[::1]:x',
    'evil.example',
    'null',
    'http://localhost',
    'http://[',
    'é',
    'x'.repeat(8000),
  ),
  fc.string({ maxLength: 20 }).map((value) => value.replaceAll(/[^\x20-\x7e]/g, '')),
);

const headerName = fc.constantFrom(
  'content-type',
  'accept',
  'mcp-protocol-version',
  'mcp-method',
  'mcp-name',
  'mcp-session-id',
  'mcp-param-x',
  'last-event-id',
  'host',
  'origin',
  'authorization',
  'traceparent',
  'x-request-id',
  'x-forwarded-for',
  'content-encoding',
  'accept-encoding',
  'expect',
  'cookie',
  'connection',
  'upgrade',
  'if-none-match',
  'range',
);

function usualHeaders(era: Era, text: string): Headers {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  if (era === 'legacy') return headers;
  const { method, params } = (parsed(text) ?? {}) as { method?: unknown; params?: { name?: unknown; uri?: unknown } };
  const name = params?.name ?? params?.uri;
  return {
    ...headers,
    'mcp-protocol-version': '2026-07-28',
    ...(typeof method === 'string' && isHeaderValue(method) && { 'mcp-method': method }),
    ...(typeof name === 'string' && isHeaderValue(name) && { 'mcp-name': name }),
  };
}

const isHeaderValue = (value: string): boolean => value.length < 4000 && /^[\x20-\x7e]*$/.test(value);

const requestOf = (era: Era): fc.Arbitrary<HttpCase> =>
  fc
    .tuple(
      messageText(era),
      fc.oneof(
        { weight: 40, arbitrary: fc.constant('POST') },
        { weight: 1, arbitrary: fc.constantFrom('GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'PURGE') },
      ),
      fc.oneof(
        { weight: 40, arbitrary: fc.constant('/mcp') },
        {
          weight: 1,
          arbitrary: fc.constantFrom(
            '/mcp/team',
            '/mcp?a=%zz',
            '/mcp/%00',
            '/mcp/%',
            '//mcp',
            '/mcp//',
            '/',
            '/health',
            '/ready',
            '/../mcp',
            '/__proto__',
            `/mcp/${'a/'.repeat(2000)}`,
          ),
        },
      ),
      fc.oneof(
        { weight: 5, arbitrary: fc.constant<[string, string][]>([]) },
        { weight: 2, arbitrary: fc.array(fc.tuple(headerName, oddValue), { maxLength: 3 }) },
      ),
    )
    .map(([text, method, path, odd]) => ({
      kind: 'request',
      method,
      path,
      headers: { ...usualHeaders(era, text), ...Object.fromEntries(odd) },
      text,
    }));

const body = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
const start = 'POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: */*\r\n';
const whole = `${start}Content-Length: ${body.length}\r\n\r\n${body}`;

/** Requests that are strange as HTTP: of two lengths, in broken chunks, several at once, or none at all. */
const wirePiece = fc.constantFrom(
  whole,
  whole.slice(0, -5),
  whole.replace('\r\n', '\n'),
  whole.replace('Host: localhost\r\n', ''),
  whole.replace('Host: localhost', 'Host: localhost\r\nHost: evil.example'),
  whole.replace('/mcp', 'http://localhost/mcp'),
  whole.replace('/mcp', '*'),
  whole.replace('/mcp', '/mcp\u0000'),
  whole.replace('HTTP/1.1', 'HTTP/1.0'),
  whole.replace('HTTP/1.1', 'HTTP/9.9'),
  whole.replace('POST', 'post'),
  whole.replace('Accept: */*', 'Accept: */*\r\n folded'),
  whole.replace('Accept: */*', 'Accept : */*'),
  whole.replace('Accept: */*', 'Accept: \u0000'),
  whole.replace('Accept: */*', `X: ${'x'.repeat(20_000)}`),
  whole.replace('Accept: */*', 'Expect: 100-continue'),
  whole.replace('Accept: */*', 'Connection: upgrade\r\nUpgrade: websocket'),
  whole.replace('Accept: */*', 'Transfer-Encoding: chunked'),
  `${start}Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  `${start}Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)};x=y\r\n${body}\r\n0\r\nTrailer: x\r\n\r\n`,
  `${start}Transfer-Encoding: chunked\r\n\r\nzz\r\n${body}\r\n0\r\n\r\n`,
  `${start}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n${body}`,
  `${start}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  `${start}Content-Length: -1\r\n\r\n${body}`,
  `${start}Content-Length: 5\r\nContent-Length: 6\r\n\r\n${body}`,
  `${start}Content-Length: 99999999999999999999\r\n\r\n${body}`,
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'GET /mcp HTTP/1.1\r\n\r\n',
  '\r\n\r\n',
  '\u0016\u0003\u0001\u0002\u0000\u0001',
);

export const httpCase: fc.Arbitrary<HttpCase | WireCase> = fc.oneof(
  { weight: 10, arbitrary: requestOf('legacy') },
  { weight: 10, arbitrary: requestOf('modern') },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.oneof({ weight: 6, arbitrary: wirePiece }, { weight: 1, arbitrary: fc.string() }), {
        minLength: 1,
        maxLength: 3,
      })
      .map((pieces): WireCase => ({ kind: 'wire', pieces })),
  },
);
