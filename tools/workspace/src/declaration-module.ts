import { readFileSync } from 'node:fs';
import { parseSync, Visitor, type ESTree } from 'vite';

/** A declaration at the top level of a `.d.ts` file. */
interface Declaration {
  /** Without `export`, `declare` and comments. */
  readonly text: string;
  readonly isExported: boolean;
  /** The identifiers in it, types of other declarations among them. */
  readonly references: ReadonlySet<string>;
}

/** What a `.d.ts` file declares, imports, and exports of other files. */
export interface DeclarationModule {
  readonly file: string;
  readonly declarations: ReadonlyMap<string, Declaration>;
  /** By local name: the name in the file that it comes from. */
  readonly imports: ReadonlyMap<string, { readonly name: string; readonly from: string }>;
  /** From where each name comes. Undefined if it is declared or imported in this file. */
  readonly exports: readonly { readonly name: string; readonly local: string; readonly from: string | undefined }[];
}

const read = new Map<string, DeclarationModule>();

/** Reads a file as the compiler emits it: by STYLE, without `export *` and default exports. */
export function readDeclarations(file: string): DeclarationModule {
  const known = read.get(file);
  if (known !== undefined) return known;
  const source = readFileSync(file, 'utf8');
  const { program, comments, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  // Spaces of the same length keep all positions.
  const code = comments.reduce(
    (text, { start, end }) => text.slice(0, start) + ' '.repeat(end - start) + text.slice(end),
    source,
  );
  const declarations = new Map<string, Declaration>();
  const imports = new Map<string, { name: string; from: string }>();
  const exports: { name: string; local: string; from: string | undefined }[] = [];
  for (const node of program.body) {
    if (node.type === 'ImportDeclaration') {
      for (const specifier of node.specifiers) {
        const name = specifier.type === 'ImportSpecifier' ? nameOf(specifier.imported) : '*';
        imports.set(specifier.local.name, { name, from: node.source.value });
      }
    } else if (node.type === 'ExportNamedDeclaration' && node.declaration === null) {
      for (const { exported, local } of node.specifiers) {
        exports.push({ name: nameOf(exported), local: nameOf(local), from: node.source?.value });
      }
    } else {
      const isExported = node.type === 'ExportNamedDeclaration';
      const declared = isExported && node.declaration !== null ? node.declaration : node;
      const text = tidy(code.slice(declared.start, declared.end));
      for (const name of namesOf(declared)) {
        const overloads = declarations.get(name)?.text;
        const references = identifiersIn(declared);
        declarations.set(name, {
          text: overloads === undefined ? text : `${overloads}\n${text}`,
          isExported,
          references,
        });
      }
    }
  }
  const module = { file, declarations, imports, exports };
  read.set(file, module);
  return module;
}

const nameOf = (node: ESTree.ModuleExportName): string => (node.type === 'Literal' ? node.value : node.name);

function namesOf(node: ESTree.Node): string[] {
  if (node.type === 'VariableDeclaration') {
    return node.declarations.flatMap(({ id }) => (id.type === 'Identifier' ? id.name : []));
  }
  const id = 'id' in node ? node.id : null;
  return id !== null && typeof id === 'object' && 'name' in id && typeof id.name === 'string' ? [id.name] : [];
}

function identifiersIn(node: ESTree.Node): ReadonlySet<string> {
  const found = new Set<string>();
  const visitor = new Visitor({ Identifier: ({ name }) => void found.add(name) });
  const body = [node] as ESTree.Program['body'];
  visitor.visit({
    type: 'Program',
    body,
    sourceType: 'module',
    hashbang: null,
    start: node.start,
    end: node.end,
  });
  return found;
}

const tidy = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .join('\n')
    .replace(/^declare /, '');
