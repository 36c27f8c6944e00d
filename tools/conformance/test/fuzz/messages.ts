import { tools } from '@org/mcp';
import * as fc from 'fast-check';
import { inheritedName, jsonText, objectText } from './json-texts.js';

/** Placeholders for values from the latest answers; see `LiveValues`. */
export const liveNames = ['cursor', 'handoffId'] as const;
export const placeholder = (name: string): string => `«${name}»`;

type Text = fc.Arbitrary<string>;
type Member = readonly [string, string];

const quoted = (...values: string[]): Text => fc.constantFrom(...values).map((value) => JSON.stringify(value));

/** Mostly well-formed, so that requests pass the first check. */
const mostly = (usual: Text, weight = 8): Text =>
  fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: jsonText });

const sessionKey = quoted('one', 'two', 'three', 'A.b_c-d');
const agent = quoted('ann', 'bob', 'role:x', 'cat');
const live = (name: (typeof liveNames)[number]): Text =>
  fc.constantFrom(
    `"${placeholder(name)}"`,
    `"${placeholder(name)}"`,
    `"${placeholder(name)}x"`,
    `"x${placeholder(name)}"`,
    `"${placeholder(name)}${placeholder(name)}"`,
  );

/** Good values of arguments whose schema alone does not tell them. */
const knownArguments: Readonly<Record<string, Text>> = {
  sessionKey,
  agent,
  agentFrom: agent,
  owner: agent,
  targetAgent: agent,
  handoffId: live('handoffId'),
  cursor: live('cursor'),
  idempotencyKey: quoted('key-1', 'key-2'),
  // A waiting call would delay all others.
  waitSeconds: fc.constantFrom('0', '-1', '46', '0.5', '"1"', 'null', '1e999', '{}'),
};

/** Where 32 bits end, and what a JavaScript number holds exactly. */
const engineEdges = [2 ** 31 - 1, 2 ** 31, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER + 1];

const mostlyWithin = (maximum: number): fc.Arbitrary<number> =>
  fc.oneof(
    { weight: 12, arbitrary: fc.integer({ min: 1, max: maximum }) },
    { weight: 1, arbitrary: fc.constantFrom(-1, 0, maximum, maximum + 1, ...engineEdges) },
  );

interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly maximum?: number;
  readonly items?: Schema;
}

function goodValue({ type, enum: values, maximum = 50, items = {} }: Schema): Text {
  if (values !== undefined) return quoted(...values);
  switch (type) {
    case 'integer':
    case 'number':
      return mostlyWithin(maximum).map(String);
    case 'boolean':
      return fc.constantFrom('true', 'false');
    case 'array':
      return fc.array(goodValue(items), { maxLength: 3 }).map((texts) => `[${texts.join(',')}]`);
    case 'object':
      return fc.constantFrom('{}', '{"a":{"b":[1,null,"x"]}}', '{"__proto__":{"a":1}}');
    default:
      return fc.string({ maxLength: 40 }).map((value) => JSON.stringify(value));
  }
}

/** Arguments of a tool: each is there or not, good or anything; one may come twice, or be unknown. */
function toolArguments(inputSchema: (typeof tools)[number]['inputSchema']): Text {
  const properties = Object.entries((inputSchema.properties ?? {}) as Record<string, Schema>);
  const required = new Set(inputSchema.required);
  const members = properties.map(([name, schema]): fc.Arbitrary<Member[]> => {
    const known = knownArguments[name];
    const value = name === 'waitSeconds' && known !== undefined ? known : mostly(known ?? goodValue(schema), 40);
    // Without an agent, most calls over HTTP fail for that reason.
    const weight = required.has(name) || name === 'agent' ? 20 : 1;
    const isThere = { weight, arbitrary: value.map((text): Member[] => [[name, text]]) };
    return fc.oneof(isThere, { weight: weight === 1 ? 3 : 1, arbitrary: fc.constant<Member[]>([]) });
  });
  const unknown = fc.oneof(
    { weight: 24, arbitrary: fc.constant<Member[]>([]) },
    { weight: 1, arbitrary: fc.tuple(fc.oneof(inheritedName, fc.string()), jsonText).map((member) => [member]) },
  );
  return fc.tuple(...members, unknown).map((lists) => objectText(lists.flat()));
}

const toolCall: Text = fc
  .constantFrom(...tools)
  .chain(({ name, inputSchema }) => fc.tuple(fc.constant(JSON.stringify(name)), mostly(toolArguments(inputSchema), 12)))
  .map(([name, given]) => `"name":${name},"arguments":${given}`);

const unknownCall: Text = fc
  .tuple(
    fc.oneof(
      inheritedName.map((name) => JSON.stringify(name)),
      jsonText,
    ),
    jsonText,
  )
  .map(([name, given]) => `"name":${name},"arguments":${given}`);

const uri = mostly(
  quoted(
    'handoff://sessions',
    'handoff://stats',
    'handoff://sessions/one',
    'handoff://context/one',
    'handoff://summary/two',
    'handoff://inbox/bob',
    'handoff://agents/ann/sessions',
    'handoff://agents//sessions',
    'handoff://sessions/%6fne',
    'handoff://sessions/one?a#b',
    'handoff://sessions/__proto__',
    'HANDOFF://stats',
    'file:///etc/passwd',
  ),
);

const reference = mostly(
  fc.constantFrom(
    '{"type":"ref/prompt","name":"handoff"}',
    '{"type":"ref/prompt","name":"constructor"}',
    '{"type":"ref/resource","uri":"handoff://summary/{sessionKey}"}',
    '{"type":"ref/resource","uri":"handoff://inbox/{agentId}"}',
    '{"type":"ref/resource","uri":"__proto__"}',
  ),
);

const completed = mostly(
  fc
    .tuple(quoted('sessionKey', 'agentId', 'targetAgent', 'requestType', 'toString'), jsonText)
    .map(([name, value]) => `{"name":${name},"value":${value}}`),
);

const promptArguments = mostly(
  fc.tuple(mostly(sessionKey), mostly(agent)).map(([key, target]) => `{"sessionKey":${key},"targetAgent":${target}}`),
);

const cursorMember = mostly(live('cursor')).map((text) => `"cursor":${text}`);

/** Clients send any name, and the server derives the agent's name from it. */
const clientName = mostly(quoted('fuzz', 'Claude Code', 'é'), 1);

/** The members of the parameters, without their braces. */
const parametersOf: Readonly<Record<string, Text>> = {
  'tools/call': fc.oneof({ weight: 12, arbitrary: toolCall }, { weight: 1, arbitrary: unknownCall }),
  'tools/list': cursorMember,
  'resources/list': fc.oneof(fc.constant(''), cursorMember),
  'resources/templates/list': cursorMember,
  'resources/read': uri.map((text) => `"uri":${text}`),
  'resources/subscribe': uri.map((text) => `"uri":${text}`),
  'resources/unsubscribe': uri.map((text) => `"uri":${text}`),
  'prompts/list': cursorMember,
  'prompts/get': fc
    .tuple(mostly(quoted('handoff', 'resume', 'checkpoint')), promptArguments)
    .map(([name, given]) => `"name":${name},"arguments":${given}`),
  'completion/complete': fc.tuple(reference, completed).map(([ref, argument]) => `"ref":${ref},"argument":${argument}`),
  'logging/setLevel': jsonText.map((text) => `"level":${text}`),
  'server/discover': fc.constant(''),
  ping: fc.constant(''),
  initialize: fc
    .tuple(mostly(quoted('2025-11-25', '2025-06-18', '2024-11-05', '2026-07-28', '1')), clientName)
    .map(
      ([version, name]) => `"protocolVersion":${version},"capabilities":{},"clientInfo":{"name":${name},"version":"1"}`,
    ),
  'subscriptions/listen': fc
    .tuple(mostly(fc.array(uri, { maxLength: 3 }).map((uris) => `[${uris.join(',')}]`)), mostly(fc.constant('true')))
    .map(([uris, list]) => `"notifications":{"resourceSubscriptions":${uris},"resourcesListChanged":${list}}`),
  'notifications/cancelled': jsonText.map((text) => `"requestId":${text}`),
  'notifications/initialized': fc.constant(''),
  'notifications/progress': jsonText.map((text) => `"progressToken":${text},"progress":1`),
};

const metaOf = (name: string): string =>
  `"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":${name},"version":"1"},"io.modelcontextprotocol/clientCapabilities":{}`;
const modernMeta = metaOf('"fuzz"');

/** The other members of a message. */
const metaMember: Text = fc.oneof(
  { weight: 10, arbitrary: fc.constant(`"_meta":{${modernMeta}}`) },
  { weight: 2, arbitrary: clientName.map((name) => `"_meta":{${metaOf(name)}}`) },
  { weight: 2, arbitrary: jsonText.map((text) => `"_meta":${text}`) },
  { weight: 2, arbitrary: jsonText.map((text) => `"_meta":{${modernMeta},"progressToken":${text}}`) },
  { weight: 1, arbitrary: jsonText.map((text) => `"_meta":{${modernMeta},"traceparent":${text}}`) },
  { weight: 1, arbitrary: jsonText.map((text) => `"_meta":{"io.modelcontextprotocol/protocolVersion":${text}}`) },
);

export type Era = 'legacy' | 'modern';

const joined = (...members: string[]): string => `{${members.filter((member) => member !== '').join(',')}}`;

const requestId = fc.oneof(
  { weight: 12, arbitrary: fc.nat(1_000_000).map(String) },
  { weight: 3, arbitrary: fc.string({ maxLength: 10 }).map((id) => JSON.stringify(id)) },
  { weight: 1, arbitrary: jsonText },
);

/** A message that has the form of one of the protocol's, in an era or between two. */
const protocolMessage = (era: Era): Text =>
  fc
    .oneof(
      { weight: 2, arbitrary: fc.constant('tools/call') },
      { weight: 1, arbitrary: fc.constantFrom(...Object.keys(parametersOf)) },
    )
    .chain((method) => {
      const usualMeta = era === 'modern' ? fc.constant(`"_meta":{${modernMeta}}`) : fc.constant('');
      const meta = fc.oneof({ weight: 8, arbitrary: usualMeta }, { weight: 1, arbitrary: metaMember });
      return fc.tuple(fc.constant(method), parametersOf[method] ?? fc.constant(''), meta, requestId);
    })
    .map(([method, given, meta, id]) => {
      const idMember = method.startsWith('notifications/') ? '' : `"id":${id}`;
      return joined('"jsonrpc":"2.0"', idMember, `"method":"${method}"`, `"params":${joined(given, meta)}`);
    });

/** An object with the members of a message, each of them anything. */
const looseMessage: Text = fc
  .tuple(
    fc.constantFrom('"jsonrpc":"2.0"', '"jsonrpc":"1.0"', '"jsonrpc":2', ''),
    requestId.map((id) => `"id":${id}`),
    fc.oneof(
      fc
        .oneof(
          jsonText,
          inheritedName.map((name) => `"${name}"`),
        )
        .map((method) => `"method":${method}`),
      fc.constant(''),
    ),
    fc.oneof(
      jsonText.map((given) => `"params":${given}`),
      jsonText.map((result) => `"result":${result}`),
      jsonText.map((error) => `"error":${error}`),
      fc.constant(''),
    ),
    fc.oneof(
      fc.constant(''),
      fc.tuple(fc.string(), jsonText).map((member) => objectText([member]).slice(1, -1)),
    ),
  )
  .map((members) => joined(...members));

/** A damaged text: cut off, doubled, or with a character replaced or inserted. */
const flawed = (text: Text): Text =>
  fc
    .tuple(text, fc.nat(), fc.constantFrom('"', '{', '}', ',', ':', '\\', '\u0000', 'e', '\ufeff', ' ', '日'))
    .chain(([whole, at, inserted]) => {
      const place = at % (whole.length + 1);
      return fc.constantFrom(
        whole.slice(0, place),
        whole.slice(0, place) + inserted + whole.slice(place),
        whole.slice(0, place) + inserted + whole.slice(place + 1),
        whole + whole,
        `[${whole},${whole}]`,
        `[${whole}]`,
      );
    });

/** Whatever a client may send as one message: without line breaks, and without what UTF-8 has no bytes for. */
export function messageText(era: Era): Text {
  const message = protocolMessage(era);
  return fc
    .oneof(
      { weight: 20, arbitrary: message },
      { weight: 3, arbitrary: looseMessage },
      { weight: 2, arbitrary: flawed(message) },
      { weight: 1, arbitrary: jsonText },
      { weight: 1, arbitrary: fc.string() },
    )
    .map((text) => text.replaceAll(/[\r\n]/g, ' ').toWellFormed());
}
