import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseSync, type ESTree } from 'vite';

const domain = fileURLToPath(new URL('../../../packages/domain/src/', import.meta.url));

/** What the source says about the fields of an object schema, by field. */
export type SchemaComments = ReadonlyMap<string, FieldComment>;

export interface FieldComment {
  /** The doc comment, on one line. Undefined if there is none. */
  readonly text: string | undefined;
  /** The fields of the object that the field holds, if its schema is written out there. */
  readonly fields: SchemaComments;
}

/**
 * Returns the doc comments of the fields of a `z.strictObject` in the domain. They are read from the source, because the
 * compiled code has no comments.
 *
 * @param file relative to the domain's sources
 * @param name of the variable or property that holds the schema
 */
export function schemaComments(file: string, name: string): SchemaComments {
  const source = readFileSync(`${domain}${file}`, 'utf8');
  const { program, comments } = parseSync(file, source);
  const documented = new Map(
    comments
      .filter(({ type, value }) => type === 'Block' && value.startsWith('*'))
      .map(({ start, end }) => [end + (/^\s*/.exec(source.slice(end))?.[0].length ?? 0), source.slice(start, end)]),
  );
  const named = [...nodesIn(program)].find((node) => nameOf(node) === name && [...nodesIn(node)].some(isObjectSchema));
  if (named === undefined) throw new Error(`${file} has no schema ${name}`);
  return fieldsIn(named);

  /** The fields of the first object schema in a node. */
  function fieldsIn(node: ESTree.Node): SchemaComments {
    const schema = [...nodesIn(node)].find(isObjectSchema);
    const [fields] = schema?.arguments ?? [];
    return new Map(fields?.type === 'ObjectExpression' ? propertiesOf(fields) : []);
  }

  function propertiesOf({ properties }: ESTree.ObjectExpression): [string, FieldComment][] {
    return properties.flatMap((property): [string, FieldComment][] => {
      if (property.type === 'Property') {
        const comment = documented.get(property.start);
        return [[nameOf(property) ?? '', { text: comment && textOf(comment), fields: fieldsIn(property.value) }]];
      }
      const { argument } = property;
      const spread = [...nodesIn(program)].find(
        (node) =>
          node.type === 'VariableDeclarator' && argument.type === 'Identifier' && nameOf(node) === argument.name,
      );
      const [object] = spread === undefined ? [] : [...nodesIn(spread)].filter(isObject);
      return object === undefined ? [] : propertiesOf(object);
    });
  }
}

const isObject = (node: ESTree.Node): node is ESTree.ObjectExpression => node.type === 'ObjectExpression';

const isObjectSchema = (node: ESTree.Node): node is ESTree.CallExpression =>
  node.type === 'CallExpression' &&
  node.callee.type === 'MemberExpression' &&
  node.callee.property.type === 'Identifier' &&
  node.callee.property.name === 'strictObject';

/** The name that a node gives to a value. */
function nameOf(node: ESTree.Node): string | undefined {
  if (node.type === 'VariableDeclarator' && node.id.type === 'Identifier') return node.id.name;
  if (node.type === 'Property' && node.key.type === 'Identifier') return node.key.name;
  return undefined;
}

/** The node and all nodes in it, from the outside to the inside, in the order of the source. */
function* nodesIn(node: ESTree.Node): Generator<ESTree.Node> {
  yield node;
  for (const child of Object.values(node)) {
    for (const each of Array.isArray(child) ? (child as unknown[]) : [child as unknown]) {
      if (isNode(each)) yield* nodesIn(each);
    }
  }
}

const isNode = (value: unknown): value is ESTree.Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

const textOf = (comment: string): string =>
  comment
    .slice(3, -2)
    .replaceAll(/\s*\n\s*\*?\s*/g, ' ')
    .trim();
