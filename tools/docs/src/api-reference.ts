import { limits, useCases, type UseCaseName } from '@org/domain';
import { fixedResources, prompts, resourceTemplates, toolDescriptions, tools } from '@org/mcp';
import { z } from 'zod';
import { commonFields } from './common-fields.js';
import { markdownTable } from './markdown-table.js';
import { schemaComments, type SchemaComments } from './schema-comments.js';

type JsonSchema = z.core.JSONSchema._JSONSchema;

/** Objects that several results hold; each is described once. */
const objects = {
  session: { schema: useCases.registerSession.result.shape.session, file: 'model/session.ts', name: 'sessionSchema' },
  entry: { schema: useCases.getContext.result.shape.entries.element, file: 'model/entry.ts', name: 'entrySchema' },
  handoff: { schema: useCases.requestHandoff.result.shape.handoff, file: 'model/handoff.ts', name: 'handoffSchema' },
  briefing: { schema: useCases.getBriefing.result.shape.briefing, file: 'model/briefing.ts', name: 'briefingSchema' },
} as const;

/** Most tools take these; the document explains them once. */
const commonArguments = new Set(['agent', 'idempotencyKey', 'epoch']);

/** A section for each tool: when to use it, its arguments, its result. */
export function toolsReference(): string {
  return (Object.keys(useCases) as UseCaseName[])
    .map((name) => {
      const { input, result } = useCases[name];
      const { description } = toolDescriptions[name];
      return [`### ${name}`, description, argumentsTable(name, input), `Answers with ${resultText(result)}.`].join(
        '\n\n',
      );
    })
    .join('\n\n');
}

/** A section for each object that results hold. */
export const objectsReference = (): string =>
  Object.entries(objects)
    .map(([title, { schema, file, name }]) => `### ${title}\n\n${fieldsTable(schema, schemaComments(file, name))}`)
    .join('\n\n');

/** The annotations of each tool, under the protocol's names. */
export const annotationsReference = (): string =>
  markdownTable(
    ['tool', 'title', 'read-only', 'destructive', 'idempotent'],
    tools.map(({ name, annotations = {} }) => [
      `\`${name}\``,
      annotations.title ?? '',
      ...[annotations.readOnlyHint, annotations.destructiveHint, annotations.idempotentHint].map((holds) =>
        holds === true ? 'yes' : '',
      ),
    ]),
  );

export const resourcesReference = (): string =>
  markdownTable(
    ['URI', 'what it is', 'type'],
    [
      ...fixedResources.map(({ uri, description = '', mimeType = '' }) => [`\`${uri}\``, description, mimeType]),
      ...resourceTemplates.map(({ uriTemplate, title, description = '', mimeType = '' }) => [
        `\`${uriTemplate}\``,
        `${title}. ${description}`,
        mimeType,
      ]),
    ],
  );

export const promptsReference = (): string =>
  markdownTable(
    ['prompt', 'what it does', 'arguments'],
    prompts.map(({ name, description = '', arguments: given = [] }) => [
      `\`${name}\``,
      description,
      given.map((argument) => `\`${argument.name}${argument.required === true ? '' : '?'}\``).join(', '),
    ]),
  );

const bytesLimits = {
  title: limits.titleBytes,
  metadata: limits.metadataBytes,
  summary: limits.summaryBytes,
  instructions: limits.instructionsBytes,
  requestData: limits.requestDataBytes,
  reason: limits.reasonBytes,
  result: limits.resultBytes,
};

export const limitsReference = (): string =>
  markdownTable(
    ['argument', 'most bytes, in UTF-8; of an object, as JSON'],
    Object.entries(bytesLimits).map(([name, bytes]) => [`\`${name}\``, bytes.toLocaleString('en')]),
  );

function argumentsTable(name: UseCaseName, input: z.ZodObject): string {
  const { properties = {}, required = [] } = z.toJSONSchema(input, { io: 'input' });
  const comments = schemaComments(`use-cases/${fileName(name)}.ts`, 'input');
  const described: Readonly<Record<string, string | undefined>> = toolDescriptions[name].arguments ?? {};
  const rows = Object.entries(properties)
    .filter(([argument]) => !commonArguments.has(argument))
    .map(([argument, schema]) => [
      `\`${argument}${required.includes(argument) ? '' : '?'}\``,
      typeText(schema),
      defaultText(schema),
      comments.get(argument)?.text ?? described[argument] ?? commonFields[argument] ?? '',
    ]);
  const common = Object.keys(properties).filter((argument) => commonArguments.has(argument));
  const shared = `Also takes ${common.map((argument) => `\`${argument}?\``).join(', ')}.`;
  return `${markdownTable(['argument', 'type', 'default', ''], rows)}\n\n${shared}`;
}

const fileName = (name: UseCaseName): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

function fieldsTable(schema: z.ZodObject, comments: SchemaComments): string {
  const { properties = {}, required = [] } = z.toJSONSchema(schema);
  return markdownTable(
    ['field', 'type', ''],
    Object.entries(properties).map(([field, property]) => [
      `\`${field}${required.includes(field) ? '' : '?'}\``,
      field === 'entries' ? '[entry](#entry)[]' : typeText(property),
      comments.get(field)?.text ?? commonFields[field] ?? '',
    ]),
  );
}

/** The fields of a result, with links to the objects that they hold. */
function resultText(result: z.ZodObject): string {
  const { required = [] } = z.toJSONSchema(result);
  const fields = Object.entries(result.shape).map(([field, schema]) => {
    const name = `${field}${required.includes(field) ? '' : '?'}`;
    const link = Object.keys(objects).find((object) => holds(schema, objects[object as keyof typeof objects].schema));
    return link === undefined ? `\`${name}\`` : `[\`${name}\`](#${link})`;
  });
  return fields.join(', ');
}

const holds = (schema: unknown, object: z.ZodObject): boolean =>
  schema === object || (schema instanceof z.ZodArray && schema.element === object);

function typeText(schema: JsonSchema): string {
  if (typeof schema === 'boolean') return 'anything';
  const { type, enum: values, const: constant, items, format, minimum, maximum } = schema;
  if (constant !== undefined) return `\`${JSON.stringify(constant)}\``;
  if (values !== undefined) return values.map((value) => `\`${String(value)}\``).join(' | ');
  if (type === 'array' && items !== undefined && !Array.isArray(items)) return `list of ${typeText(items)}`;
  if (format === 'date-time') return 'time';
  const isBounded = maximum !== undefined && maximum !== Number.MAX_SAFE_INTEGER;
  if (isBounded) return `${String(type)}, ${(minimum ?? 0).toLocaleString('en')}–${maximum.toLocaleString('en')}`;
  return String(type);
}

function defaultText(schema: JsonSchema): string {
  if (typeof schema === 'boolean' || schema.default === undefined) return '';
  return `\`${JSON.stringify(schema.default)}\``;
}
