import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const packages = fileURLToPath(new URL('../../../packages/', import.meta.url));

/**
 * What the doc comments of a file of the domain say of the fields of its schemas, by field. The compiler keeps them from
 * whoever runs the code, so that they are read from the source.
 *
 * @param file relative to the domain's sources
 */
export const fieldComments = (file: string): ReadonlyMap<string, string> =>
  commentsIn(readFileSync(`${packages}domain/src/${file}`, 'utf8'));

/**
 * The same of an interface.
 *
 * @param file relative to the folder of the packages
 */
export function interfaceComments(file: string, name: string): ReadonlyMap<string, string> {
  const source = readFileSync(`${packages}${file}`, 'utf8');
  const [, body] = new RegExp(`^export interface ${name} .*{\\n([^]*?)^}`, 'm').exec(source) ?? [];
  if (body === undefined) throw new Error(`${file} has no interface ${name}`);
  return commentsIn(body);
}

function commentsIn(source: string): ReadonlyMap<string, string> {
  const documented = source.matchAll(/\/\*\*((?:(?!\*\/)[^])*)\*\/\s*(?:readonly )?(\w+)\??: /g);
  return new Map([...documented].map(([, comment = '', field = '']) => [field, textOf(comment)]));
}

const textOf = (comment: string): string => comment.replaceAll(/\s*\n?\s*\*?\s+/g, ' ').trim();
