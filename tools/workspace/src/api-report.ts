import { join } from 'node:path';
import type { PackageManifest } from './package-manifest.js';
import { readDeclarations, type DeclarationModule } from './declaration-module.js';

/** A name of an entry point, and where it is declared. */
interface Declared {
  readonly name: string;
  readonly text: string;
  readonly module?: DeclarationModule;
}

/**
 * Returns the public API of a built package as Markdown. For each entry point, it lists the exported declarations, then
 * those that they refer to. It has no comments or file names, so it changes only when the API does.
 *
 * API Extractor does the same from TypeScript's compiler API, which TypeScript 7 does not have.
 */
export function apiReport(folder: string, { name, exports = {} }: PackageManifest): string {
  const entries = Object.entries(exports).flatMap(([entry, { types }]) =>
    types === undefined ? [] : [reportEntry(join(name, entry), join(folder, types))],
  );
  const head = `# API of ${name}\n\nGenerated from the build by \`npm run docs\`. A change here is a change for users.\n`;
  return [head, ...entries].join('\n');
}

function reportEntry(specifier: string, file: string): string {
  const exported = [...exportsOf(file)].toSorted(byName);
  const referenced = referencesOf(exported);
  const block = (declared: readonly Declared[]): string =>
    `\`\`\`ts\n${declared.map(({ text }) => text).join('\n')}\n\`\`\`\n`;
  const others = referenced.length === 0 ? '' : `\nReferred to, but not exported:\n\n${block(referenced)}`;
  return `## ${specifier}\n\n${block(exported)}${others}`;
}

/** Finds what a module exports, through all files that it exports from. */
function exportsOf(file: string): Declared[] {
  const module = readDeclarations(file);
  const own = [...module.declarations].filter(([, { isExported }]) => isExported).map(([name]) => find(module, name));
  const forwarded = module.exports.map(({ name, local, from }) => {
    const target = from === undefined ? find(module, local) : findIn(from, local, file);
    return local === name ? target : { ...target, name, text: `${target.text}\nexport { ${local} as ${name} };` };
  });
  return [...own, ...forwarded];
}

/** Finds the declaration that a name stands for inside a module. */
function find(module: DeclarationModule, name: string): Declared {
  const declaration = module.declarations.get(name);
  if (declaration !== undefined) return { name, text: declaration.text, module };
  const imported = module.imports.get(name);
  if (imported === undefined) throw new Error(`${module.file} does not declare ${name}`);
  return findIn(imported.from, imported.name, module.file);
}

function findIn(from: string, name: string, importer: string): Declared {
  // Another package's declarations are in the report of that package.
  if (!from.startsWith('.')) return { name, text: `export { ${name} } from '${from}';` };
  const file = join(importer, '..', from.replace(/\.js$/, '.d.ts'));
  const module = readDeclarations(file);
  const forward = module.exports.find((candidate) => candidate.name === name);
  if (forward === undefined) return find(module, name);
  return forward.from === undefined ? find(module, forward.local) : findIn(forward.from, forward.local, file);
}

/** Follows references from declarations to declarations of the same package that are not among them. */
function referencesOf(exported: readonly Declared[]): Declared[] {
  const seen = new Set(exported.map(keyOf));
  const found: Declared[] = [];
  const follow = ({ name, module }: Declared): void => {
    for (const reference of module?.declarations.get(name)?.references ?? []) {
      if (module === undefined || !(module.declarations.has(reference) || module.imports.has(reference))) continue;
      const target = find(module, reference);
      if (target.module === undefined || seen.has(keyOf(target))) continue;
      seen.add(keyOf(target));
      found.push(target);
      follow(target);
    }
  };
  exported.forEach(follow);
  return found.toSorted(byName);
}

const keyOf = ({ name, module }: Declared): string => `${module?.file ?? ''} ${name}`;

function byName(a: Declared, b: Declared): number {
  return a.name === b.name ? compare(a.text, b.text) : compare(a.name, b.name);
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
