import { registerHooks } from 'node:module';

/**
 * Lets a process of Node that a test starts run sources. Node strips the types, but does not find `./x.ts` for an import of
 * `./x.js`. Together with the condition `@org/source`, no test runs an outdated build.
 */
registerHooks({
  resolve(specifier, context, nextResolve) {
    const isOurs = specifier.startsWith('.') && context.parentURL?.endsWith('.ts') === true;
    return nextResolve(isOurs ? specifier.replace(/\.js$/, '.ts') : specifier, context);
  },
});
