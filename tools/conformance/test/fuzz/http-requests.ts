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
  /** Whether it is one request without a fault, as far as HTTP goes. */
  readonly isSound: boolean;
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
  'context-project',
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

const accept = 'Accept: application/json, text/event-stream';
const start = `POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${accept}\r\n`;

/** Of a request that nothing follows: its answer ends the connection. */
const last = `${start}Connection: close\r\n`;

/** As it is written: each character is one byte. */
const bytesOf = (text: string): string => Buffer.from(text).toString('latin1');

/** A text of bytes, cut at some places. */
const cut = (bytes: string): fc.Arbitrary<readonly string[]> =>
  fc.array(fc.nat(bytes.length), { maxLength: 4 }).map((places) => {
    const ends = [0, ...places.toSorted((a, b) => a - b), bytes.length];
    return ends.slice(1).map((end, index) => bytes.slice(ends[index], end));
  });

const chunked = (pieces: readonly string[]): string =>
  pieces
    .filter((piece) => piece !== '')
    .map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`)
    .join('');

/** A message as any client may send it: at once, in pieces, or in chunks, which come to the reader of the body one by one. */
const soundPieces: fc.Arbitrary<readonly string[]> = messageText('legacy')
  .map(bytesOf)
  .chain((body) =>
    fc.oneof(
      cut(`${last}Content-Length: ${body.length}\r\n\r\n${body}`),
      cut(body).map((pieces) => [`${last}Transfer-Encoding: chunked\r\n\r\n${chunked(pieces)}0\r\n\r\n`]),
      fc
        .tuple(cut(body), fc.constantFrom('', 'Trailer: x\r\n'))
        .map(([pieces, trailer]) => [
          `${last}Transfer-Encoding: chunked\r\n\r\n`,
          ...pieces.map((piece) => chunked([piece])),
          `0\r\n${trailer}\r\n`,
        ]),
    ),
  );

const usualBody = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"listSessions","arguments":{}}}';
const whole = `${start}Content-Length: ${usualBody.length}\r\n\r\n${usualBody}`;
const inChunks = `${start}Transfer-Encoding: chunked\r\n\r\n`;
const sizeLine = usualBody.length.toString(16);

/** Requests that are strange as HTTP: of two lengths, in broken chunks, several at once, or none at all. */
const strangePiece = fc.constantFrom(
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
  whole.replace(`${accept}\r\n`, ''),
  whole.replace(accept, 'Accept: */*'),
  whole.replace(accept, `${accept}\r\n folded`),
  whole.replace(accept, accept.replace(':', ' :')),
  whole.replace(accept, `${accept}\u0000`),
  whole.replace(accept, `${accept}\r\nX: ${'x'.repeat(20_000)}`),
  whole.replace(accept, `${accept}\r\nExpect: 100-continue`),
  whole.replace(accept, `${accept}\r\nExpect: the worst`),
  whole.replace(accept, `${accept}\r\nConnection: upgrade\r\nUpgrade: websocket`),
  whole.replace(accept, `${accept}\r\nTransfer-Encoding: chunked`),
  `${inChunks}${sizeLine};x=y\r\n${usualBody}\r\n0\r\nTrailer: x\r\n\r\n`,
  `${inChunks}zz\r\n${usualBody}\r\n0\r\n\r\n`,
  `${inChunks}1\r\n${usualBody}\r\n0\r\n\r\n`,
  `${inChunks}${sizeLine}\r\n${usualBody}`,
  `${inChunks}ffffffffffffffff\r\n${usualBody}`,
  `${start}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  `${start}Content-Length: -1\r\n\r\n${usualBody}`,
  `${start}Content-Length: 5\r\nContent-Length: 6\r\n\r\n${usualBody}`,
  `${start}Content-Length: 99999999999999999999\r\n\r\n${usualBody}`,
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'GET /mcp HTTP/1.1\r\n\r\n',
  '\r\n\r\n',
  '\u0016\u0003\u0001\u0002\u0000\u0001',
);

const strangePieces = fc.array(
  fc.oneof({ weight: 6, arbitrary: strangePiece }, { weight: 1, arbitrary: fc.string() }),
  { minLength: 1, maxLength: 3 },
);

export const httpCase: fc.Arbitrary<HttpCase | WireCase> = fc.oneof(
  { weight: 10, arbitrary: requestOf('legacy') },
  { weight: 10, arbitrary: requestOf('modern') },
  {
    weight: 2,
    arbitrary: fc.oneof(
      soundPieces.map((pieces): WireCase => ({ kind: 'wire', isSound: true, pieces })),
      strangePieces.map((pieces): WireCase => ({ kind: 'wire', isSound: false, pieces })),
    ),
  },
);
