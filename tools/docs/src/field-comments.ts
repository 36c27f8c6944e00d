import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const packages = fileURLToPath(new URL('../../../packages/', import.meta.url));

/**
 * Returns the doc comments of an interface's fields, by field.
 * @throws Error if the file has no such interface
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
