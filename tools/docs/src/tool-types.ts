import {
  contextTypes,
  handoffOutcomes,
  handoffStatuses,
  requestTypes,
  sessionStatuses,
  useCases,
  type UseCaseName,
} from '@org/domain';
import { toolDescriptions } from '@org/mcp';
import { z } from 'zod';
import { commonFields } from './common-fields.js';
import { schemaComments, type SchemaComments } from './schema-comments.js';

/** The types that a text of TypeScript mentions. */
type Mentioned = Set<string>;

interface NamedType {
  readonly schema: z.ZodType;
  /** The file of the domain that declares the type. */
  readonly file: string;
}

const records = {
  Session: { schema: useCases.registerSession.result.shape.session, file: 'model/session.ts', name: 'sessionSchema' },
  Entry: { schema: useCases.getContext.result.shape.entries.element, file: 'model/entry.ts', name: 'entrySchema' },
  Handoff: { schema: useCases.requestHandoff.result.shape.handoff, file: 'model/handoff.ts', name: 'handoffSchema' },
  Briefing: { schema: useCases.getBriefing.result.shape.briefing, file: 'model/briefing.ts', name: 'briefingSchema' },
  TakeOver: {
    schema: useCases.updateContext.result.shape.takeOver.unwrap(),
    file: 'model/take-over.ts',
    name: 'takeOverSchema',
  },
  TookOver: {
    schema: useCases.acceptHandoff.result.shape.tookOver.unwrap(),
    file: 'model/take-over.ts',
    name: 'tookOverSchema',
  },
} as const satisfies Record<string, NamedType & { readonly name: string }>;

const recordComments: Readonly<Record<keyof typeof records, string>> = {
  Session: 'A session, as callers see it. Times are ISO 8601 in UTC.',
  Entry: "One immutable entry of a session's log, as callers see it.",
  Handoff: 'A handoff, as callers see it. Times are ISO 8601 in UTC.',
  Briefing: 'What a resuming agent reads first. The whole briefing, as JSON, stays within the requested token budget.',
  TakeOver: 'A pending request to take a session over, as callers see it on the session.',
  TookOver: 'What is known of the owner from which a session was taken over: the new owner may lack what came after.',
};

/** Lists of values that have a type of their own. */
const enumerations: Readonly<Record<string, { readonly values: readonly string[]; readonly file: string }>> = {
  ContextType: { values: contextTypes, file: 'model/entry.ts' },
  SessionStatus: { values: sessionStatuses, file: 'model/session.ts' },
  HandoffStatus: { values: handoffStatuses, file: 'model/handoff.ts' },
  HandoffOutcome: { values: handoffOutcomes, file: 'model/handoff.ts' },
  RequestType: { values: requestTypes, file: 'model/handoff.ts' },
};

const names = Object.keys(useCases) as UseCaseName[];

/**
 * The types of what callers see, as TypeScript, by file of the domain. Types inferred from schemas would lose the comments
 * of the fields on their way into the declarations that users read.
 */
export const toolTypes: Readonly<Record<string, () => string>> = {
  'model/records.ts': () => {
    const mentioned: Mentioned = new Set();
    const types = Object.entries(records).map(([name, { schema, file, name: constant }]) =>
      interfaceText(
        name,
        recordComments[name as keyof typeof records],
        fieldsText(schema, schemaComments(file, constant), outputs(mentioned, name)),
      ),
    );
    return fileText('../', 'model/records.ts', mentioned, types);
  },
  'use-cases/tool-types.ts': () => {
    const mentioned: Mentioned = new Set();
    const types = names.flatMap((name) => {
      const { input, result } = useCases[name];
      const file = `use-cases/${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.ts`;
      const described: Readonly<Record<string, string | undefined>> = toolDescriptions[name].arguments ?? {};
      return [
        interfaceText(
          `${typeName(name)}Input`,
          `The arguments of \`${name}\`.`,
          fieldsText(input, schemaComments(file, 'input'), inputs(mentioned, described)),
        ),
        interfaceText(
          `${typeName(name)}Result`,
          `The answer of \`${name}\`.`,
          fieldsText(result, schemaComments(file, 'result'), outputs(mentioned)),
        ),
      ];
    });
    const table = (kind: 'Input' | 'Result'): string =>
      `/** The ${kind === 'Input' ? 'arguments' : 'answers'} of all tools, by name. */\nexport interface Tool${kind}s {\n${names
        .map((name) => `  readonly ${name}: ${typeName(name)}${kind};`)
        .join('\n')}\n}`;
    return fileText('../', 'use-cases/tool-types.ts', mentioned, [...types, table('Input'), table('Result')]);
  },
};

const typeName = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

/** How the fields of an object are written. */
interface Manner {
  readonly readonly: 'readonly ' | '';
  readonly mentioned: Mentioned;
  /** The type that is being declared: it cannot mention itself. */
  readonly declares?: string | undefined;
  /** What models read about arguments. */
  readonly described: Readonly<Record<string, string | undefined>>;
}

const inputs = (mentioned: Mentioned, described: Manner['described']): Manner => ({
  readonly: 'readonly ',
  mentioned,
  described,
});
const outputs = (mentioned: Mentioned, declares?: string): Manner => ({
  readonly: '',
  mentioned,
  declares,
  described: {},
});

function fieldsText(schema: z.ZodObject, comments: SchemaComments, manner: Manner, indent = '  '): string {
  return Object.entries(schema.shape)
    .map(([field, value]) => {
      const comment = comments.get(field);
      const text = comment?.text ?? manner.described[field] ?? commonFields[field];
      if (text === undefined) throw new Error(`the field ${field} needs a comment`);
      const { inner, isOptional, preset } = unwrap(value as z.ZodType);
      const type = typeText(inner, comment?.fields ?? new Map(), manner, indent);
      const said = [
        ended(text),
        boundsText(inner),
        preset !== undefined && !text.includes('Default:') ? `Default: ${preset}.` : '',
      ]
        .filter((part) => part !== '')
        .join(' ');
      const name = `${indent}${manner.readonly}${field}`;
      return `${commentText(said, indent)}\n${name}${isOptional ? optionalText(type, indent) : `: ${type}`};`;
    })
    .join('\n');
}

/** An optional field, as the formatter writes it. */
function optionalText(type: string, indent: string): string {
  if (!type.includes('\n')) return `?: ${type} | undefined`;
  return `?:\n${indent}  | ${type.replaceAll('\n', '\n    ')}\n${indent}  | undefined`;
}

const ended = (text: string): string => (/[.!?`)]$/.test(text) ? text.replace(/([`)])$/, '$1.') : `${text}.`);

interface Unwrapped {
  readonly inner: z.ZodType;
  readonly isOptional: boolean;
  /** The default, as text. */
  readonly preset: string | undefined;
}

function unwrap(schema: z.ZodType): Unwrapped {
  if (schema instanceof z.ZodOptional) {
    return { ...unwrap(schema.unwrap() as z.ZodType), isOptional: true };
  }
  if (schema instanceof z.ZodDefault) {
    const { defaultValue } = schema.def;
    const preset = typeof defaultValue === 'number' ? defaultValue.toLocaleString('en') : JSON.stringify(defaultValue);
    return { inner: schema.unwrap() as z.ZodType, isOptional: true, preset: `\`${preset}\`` };
  }
  return { inner: schema, isOptional: false, preset: undefined };
}

/** The range of a number that has a meaningful upper bound. */
function boundsText(schema: z.ZodType): string {
  if (!(schema instanceof z.ZodNumber)) return '';
  const { minValue, maxValue } = schema;
  if (minValue === null || maxValue === null || maxValue >= Number.MAX_SAFE_INTEGER) return '';
  return `From ${minValue.toLocaleString('en')} to ${maxValue.toLocaleString('en')}.`;
}

function typeText(schema: z.ZodType, fields: SchemaComments, manner: Manner, indent: string): string {
  const record = Object.entries(records).find(([name, known]) => known.schema === schema && name !== manner.declares);
  if (record !== undefined) {
    manner.mentioned.add(record[0]);
    return record[0];
  }
  if (schema instanceof z.ZodObject) return `{\n${fieldsText(schema, fields, manner, `${indent}  `)}\n${indent}}`;
  if (schema instanceof z.ZodArray)
    return `${manner.readonly}${typeText(schema.element as z.ZodType, fields, manner, indent)}[]`;
  if (schema instanceof z.ZodRecord) {
    manner.mentioned.add('JsonObject');
    return 'JsonObject';
  }
  if (schema instanceof z.ZodLiteral) return [...schema.values].map((value) => JSON.stringify(value)).join(' | ');
  if (schema instanceof z.ZodEnum) return enumText(schema.options as string[], manner);
  if (schema instanceof z.ZodNumber) return 'number';
  if (schema instanceof z.ZodBoolean) return 'boolean';
  // All formats of texts are strings to TypeScript.
  return 'string';
}

function enumText(values: readonly string[], { mentioned }: Manner): string {
  const known = Object.entries(enumerations).find(([, { values: others }]) => others.join(',') === values.join(','));
  if (known === undefined) return values.map((value) => `'${value}'`).join(' | ');
  mentioned.add(known[0]);
  return known[0];
}

const interfaceText = (name: string, comment: string, fields: string): string =>
  `${commentText(comment, '')}\nexport interface ${name} {\n${fields}\n}`;

/** A doc comment, wrapped as the sources wrap theirs. */
function commentText(text: string, indent: string): string {
  const oneLine = `${indent}/** ${text} */`;
  if (oneLine.length <= 120) return oneLine;
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.length - 1;
    const longer = `${lines[last]} ${word}`.trimStart();
    if (`${indent} * ${longer}`.length <= 120) lines[last] = longer;
    else lines.push(word);
  }
  return [`${indent}/**`, ...lines.map((line) => `${indent} * ${line}`), `${indent} */`].join('\n');
}

function fileText(root: string, file: string, mentioned: Mentioned, types: readonly string[]): string {
  const filesOf = new Map<string, string[]>();
  for (const name of [...mentioned].toSorted()) {
    const from = name === 'JsonObject' ? 'model/json.ts' : (enumerations[name]?.file ?? 'model/records.ts');
    if (from !== file) filesOf.set(from, [...(filesOf.get(from) ?? []), name]);
  }
  const imports = [...filesOf]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([from, imported]) => `import type { ${imported.join(', ')} } from '${pathTo(root, file, from)}';`);
  return `// Generated from the schemas by \`npm run docs\`. Edit those.\n\n${imports.join('\n')}\n\n${types.join('\n\n')}\n`;
}

function pathTo(root: string, file: string, target: string): string {
  const [folder = ''] = file.split('/');
  const path = target.replace(/\.ts$/, '.js');
  return path.startsWith(`${folder}/`) ? path.replace(`${folder}/`, './') : `${root}${path}`;
}
