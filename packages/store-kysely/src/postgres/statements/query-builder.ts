import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type Compilable,
  type CompiledQuery,
  type QueryId,
  type RawBuilder,
  type RootOperationNode,
} from 'kysely';
import type { Tables } from '../schema/tables.js';

/** Sends an argument once, wherever and however often it stands in the statement. */
class SharedParameterCompiler extends PostgresQueryCompiler {
  readonly #places = new Map<unknown, string>();

  override compileQuery(node: RootOperationNode, queryId: QueryId): CompiledQuery {
    this.#places.clear();
    return super.compileQuery(node, queryId);
  }

  protected override appendValue(parameter: unknown): void {
    const place = this.#places.get(parameter);
    if (place !== undefined) {
      this.append(place);
      return;
    }
    super.appendValue(parameter);
    // Equal numbers or texts may have different types: only placeholders are known to be the same argument.
    if (typeof parameter === 'object') this.#places.set(parameter, this.getCurrentParameterPlaceholder());
  }
}

/** Builds and compiles statements for PostgreSQL. It has no connection: {@link Database} runs them. */
export const db: Kysely<Tables> = new Kysely({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (kysely) => new PostgresIntrospector(kysely),
    createQueryCompiler: () => new SharedParameterCompiler(),
  },
});

/** A statement in SQL, for what Kysely's builder cannot express, such as data changes in several steps. */
export const statement = <Row>(text: RawBuilder<Row>): Compilable<Row> => ({ compile: () => text.compile(db) });
