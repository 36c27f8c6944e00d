import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** A server under test, in the legacy era, whose data no other test uses. */
export interface MessageServer {
  /** Sends these bytes as one message. @returns the text of the answer: one JSON-RPC message */
  readonly answer: (message: Buffer) => Promise<string>;
  readonly close: () => Promise<void>;
}

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const call = (name: string, args: string, id = '1'): string =>
  `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"${name}","arguments":${args}}}`;
const append = (metadata: string): string =>
  call(
    'updateContext',
    `{"sessionKey":"work","agent":"a","contextType":"message","content":"x","metadata":${metadata}}`,
  );
const parseError = -32_700;
const invalidRequest = -32_600;

/** Messages that are answered with an error: the code, the id as it is written in the answer, and a part of the message. */
const unread: readonly [what: string, message: string | Buffer, code: number, id: string, says: string][] = [
  ['bytes that are not UTF-8', latin1(call('listSessions', '{"owner":"\xff"}', '7')), parseError, '7', 'UTF-8'],
  ['text that is not JSON', 'garbage', parseError, 'null', 'Send one JSON-RPC message'],
  ['truncated JSON', '{"jsonrpc":"2.0","id":1,', parseError, '1', 'Send one JSON-RPC message'],
  ['two byte order marks', '\ufeff\ufeff{"id":1}', parseError, '1', 'Parse error'],
  ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', invalidRequest, 'null', 'batches'],
  ['a number', '7', invalidRequest, 'null', 'JSON object'],
  ['no version', '{"id":1,"method":"ping"}', invalidRequest, '1', 'jsonrpc'],
  ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"ping"}', invalidRequest, 'null', 'id must be'],
  ['an id that is null', '{"jsonrpc":"2.0","id":null,"method":"ping"}', invalidRequest, 'null', 'id must be'],
  ['a fraction for an id', '{"jsonrpc":"2.0","id":1.5,"method":"ping"}', invalidRequest, '1.5', 'id must be'],
  ...['1546130668394913822', '9007199254740993', '9007199254740992', '1e400'].map(
    (id): [string, string, number, string, string] => [
      `the number ${id} for an id`,
      `{"jsonrpc":"2.0","id":${id},"method":"ping"}`,
      invalidRequest,
      id,
      'up to 9007199254740991',
    ],
  ),
  ['a long id', `{"jsonrpc":"2.0","id":"${'i'.repeat(1001)}","method":"ping"}`, invalidRequest, 'null', 'its id'],
  ['a method that is a number', '{"jsonrpc":"2.0","id":1,"method":7}', invalidRequest, '1', 'method must be'],
  ['no method', '{"jsonrpc":"2.0","id":"x"}', invalidRequest, '"x"', 'method is missing'],
  ['a list of parameters', '{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', invalidRequest, '1', 'params'],
  ['an unknown member', '{"jsonrpc":"2.0","id":1,"method":"ping","x":1}', invalidRequest, '1', 'unknown members'],
  [
    'a progress token that is an object',
    '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{"progressToken":{}}}}',
    invalidRequest,
    '1',
    'params._meta',
  ],
  ['too many levels', append(`${'['.repeat(200)}${']'.repeat(200)}`), invalidRequest, '1', 'levels'],
  ['too many values', append(`{"x":[${'0,'.repeat(70_000)}0]}`), invalidRequest, '1', 'values'],
  ['a response that is malformed', '{"jsonrpc":"2.0","id":1,"result":7}', invalidRequest, 'null', 'response'],
];

/** The messages that every transport must read or refuse in the same way. */
export function describeMessageReading(title: string, open: () => Promise<MessageServer>): void {
  describe(title, () => {
    let server: MessageServer;
    beforeAll(async () => {
      server = await open();
      await server.answer(Buffer.from(call('registerSession', '{"sessionKey":"work","agent":"a"}')));
    });
    afterAll(() => server.close());

    const ask = async (message: string): Promise<{ id: unknown; result?: unknown; error?: unknown }> =>
      JSON.parse(await server.answer(Buffer.from(message))) as { id: unknown };

    it.each(unread)(
      'answers %s with an error for its id, and keeps serving',
      async (_what, message, code, id, says) => {
        const text = await server.answer(Buffer.from(message));
        expect(text.replaceAll(',', '}')).toContain(`"id":${id}}`);
        const error = { code, message: expect.stringContaining(says) as string };
        expect(JSON.parse(text)).toMatchObject({ error });
        expect(await ask('{"jsonrpc":"2.0","id":"after","method":"ping"}')).toMatchObject({ id: 'after', result: {} });
      },
    );

    it.each([
      ['a byte order mark before it', '\ufeff{"jsonrpc":"2.0","id":1,"method":"ping"}', 1],
      ['the largest id', '{"jsonrpc":"2.0","id":9007199254740991,"method":"ping"}', 9_007_199_254_740_991],
      ['a long id', `{"jsonrpc":"2.0","id":"${'i'.repeat(1000)}","method":"ping"}`, 'i'.repeat(1000)],
      ['params that are null', '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":null}', 1],
      ['a cursor that is null', '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":null}}', 1],
      ['arguments that are null', call('listSessions', 'null'), 1],
      [
        '_meta that is null',
        '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"listSessions","_meta":null}}',
        1,
      ],
      [
        'prompt arguments that are null or blank',
        '{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"resume","arguments":{"sessionKey":null}}}',
        1,
      ],
    ])('serves a message with %s', async (_what, message, id) => {
      expect(await ask(message)).toMatchObject({ id, result: {} });
    });

    it.each(['1546130668394913822', '9007199254740993', '1e400', '-1e400', '0.12345678901234567890'])(
      'records no entry with the number %s, and says what to send',
      async (number) => {
        for (const metadata of [`{"ticket":${number}}`, `{"a":[{"b":${number}}]}`]) {
          expect(await ask(append(metadata))).toMatchObject({
            result: {
              isError: true,
              structuredContent: {
                code: 'VALIDATION_ERROR',
                message: expect.stringContaining(`metadata: holds the number ${number}, which cannot`) as string,
              },
            },
          });
        }
        expect(await ask(call('getContext', '{"sessionKey":"work"}'))).toMatchObject({
          result: { structuredContent: { lastSequence: 0 } },
        });
        expect(await ask(call('listSessions', `{"limit":${number}}`))).toMatchObject({
          result: {
            structuredContent: { message: expect.stringContaining(`limit: is the number ${number}`) as string },
          },
        });
      },
    );
  });
}
