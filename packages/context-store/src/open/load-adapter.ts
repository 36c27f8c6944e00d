import { storeUnavailable } from '@org/domain';

/** A package that is installed only by those who use it. */
export interface OptionalPackage {
  readonly name: string;
  /** What needs it. */
  readonly purpose: string;
}

/**
 * Waits for the import of an adapter that needs an optional package.
 *
 * @throws STORE_UNAVAILABLE, not retryable, if a package is missing
 */
export async function loadAdapter<Adapter>(
  importing: Promise<Adapter>,
  { name, purpose }: OptionalPackage,
): Promise<Adapter> {
  try {
    return await importing;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw storeUnavailable(`${purpose} needs the package ${name}. Install it beside this one: npm install ${name}.`, {
      written: 'no',
      retryable: false,
      cause: error,
    });
  }
}
