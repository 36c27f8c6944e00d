import { API, SignatureKind, SymbolFlags, type Checker, type Symbol, type Type } from 'typescript/unstable/sync';

export interface PublicTypes {
  /** The exported names, and the members of all types that can be reached from them, that have no doc comment. */
  readonly undocumented: readonly string[];
  /** Returns how an editor shows a member of an exported type on hover. */
  readonly shown: (type: string, member: string) => string;
}

/**
 * Reads what a module exports, as an editor does, with the compiler's API.
 *
 * @param folder with a tsconfig.json whose only file is `index.ts`
 * @param isOurs says whether the declarations of a file are to be documented
 * @param ends the names of types whose members are for other readers
 * @param read gets the answers. They need the compiler, which ends afterwards
 */
export function readPublicTypes<T>(
  folder: string,
  { isOurs, ends }: { readonly isOurs: (file: string) => boolean; readonly ends: ReadonlySet<string> },
  read: (types: PublicTypes) => T,
): T {
  const api = new API({ cwd: folder });
  try {
    const [project] = api.updateSnapshot({ openProjects: [`${folder}/tsconfig.json`] }).getProjects();
    if (project === undefined) throw new Error(`${folder} has no project`);
    const { checker, program } = project;
    const file = program.getSourceFile(`${folder}/index.ts`);
    const module = file && checker.getSymbolAtLocation(file);
    if (module === undefined) throw new Error(`${folder}/index.ts exports nothing`);
    const exported = new Map(
      checker
        .getExportsOfModule(module)
        .map((symbol) => [symbol.name, symbol.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol]),
    );
    const walk = new Walk(checker, isOurs, ends);
    for (const [name, symbol] of exported) walk.symbol(symbol, name);
    return read({
      undocumented: [...walk.undocumented],
      shown: (type, member) => {
        const symbol = exported.get(type);
        const found = symbol && checker.getPropertyOfType(checker.getDeclaredTypeOfSymbol(symbol), member);
        const typeOfMember = found && checker.getTypeOfSymbol(found);
        return typeOfMember === undefined ? 'missing' : checker.typeToString(typeOfMember);
      },
    });
  } finally {
    api.close();
  }
}

class Walk {
  readonly undocumented = new Set<string>();
  readonly #checker: Checker;
  readonly #isOurs: (file: string) => boolean;
  readonly #ends: ReadonlySet<string>;
  readonly #seen = new Set<number>();

  constructor(checker: Checker, isOurs: (file: string) => boolean, ends: ReadonlySet<string>) {
    this.#checker = checker;
    this.#isOurs = isOurs;
    this.#ends = ends;
  }

  symbol(symbol: Symbol, path: string): void {
    if (!symbol.declarations.some((declaration) => this.#isOurs(declaration.path))) return;
    if (symbol.getDocumentationComment(this.#checker) === '') this.undocumented.add(path);
    if (symbol.flags & SymbolFlags.Value) this.#type(this.#checker.getTypeOfSymbol(symbol), path);
    if (symbol.flags & SymbolFlags.Type) this.#type(this.#checker.getDeclaredTypeOfSymbol(symbol), path);
  }

  #type(type: Type | undefined, path: string): void {
    if (type === undefined || this.#seen.has(type.id) || this.#ends.has(type.getSymbol()?.name ?? '')) return;
    this.#seen.add(type.id);
    if (type.isUnionType() || type.isIntersectionType()) {
      for (const part of type.getTypes()) this.#type(part, path);
      return;
    }
    if (type.isTypeReference()) for (const argument of this.#checker.getTypeArguments(type)) this.#type(argument, path);
    for (const signature of this.#checker.getSignaturesOfType(type, SignatureKind.Call)) {
      for (const [index, parameter] of signature.getParameters().entries())
        this.#type(this.#checker.getParameterType(signature, index), `${path}(${parameter.name})`);
      this.#type(this.#checker.getReturnTypeOfSignature(signature), `${path}()`);
    }
    for (const member of this.#checker.getPropertiesOfType(type)) this.symbol(member, `${path}.${member.name}`);
  }
}
