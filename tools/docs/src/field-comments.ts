import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const domainSource = fileURLToPath(new URL('../../../packages/domain/src/', import.meta.url));

/**
 * What the doc comments of a file of the domain say of the fields of its schemas, by field. The compiler keeps them from
 * whoever runs the code, so that they are read from the source.
 *
 * @param file relative to the domain's sources
 */
export function fieldComments(file: string): ReadonlyMap<string, string> {
  const source = readFileSync(`${domainSource}${file}`, 'utf8');
  const documented = source.matchAll(/\/\*\*((?:(?!\*\/)[^])*)\*\/\s*(\w+): /g);
  return new Map([...documented].map(([, comment = '', field = '']) => [field, textOf(comment)]));
}

const textOf = (comment: string): string => comment.replaceAll(/\s*\n?\s*\*?\s+/g, ' ').trim();
