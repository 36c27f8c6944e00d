import { registerHooks } from 'node:module';

/**
 * Lets a plain Node process run the source. Node strips the types, but does not find `./x.ts` for an import of `./x.js`.
 * Together with the condition `@org/source`, no test runs a stale build.
 */
registerHooks({
  resolve(specifier, context, nextResolve) {
    const isOurs = specifier.startsWith('.') && context.parentURL?.endsWith('.ts') === true;
    return nextResolve(isOurs ? specifier.replace(/\.js$/, '.ts') : specifier, context);
  },
});
