import { registerHooks } from 'node:module';

/**
 * Lets a plain Node process run the source: Node strips the types, but takes `./x.js` literally where
 * TypeScript means `./x.ts`. Together with the condition `@org/source` no test ever runs a stale build.
 */
registerHooks({
  resolve(specifier, context, nextResolve) {
    const isOurs = specifier.startsWith('.') && context.parentURL?.endsWith('.ts') === true;
    return nextResolve(isOurs ? specifier.replace(/\.js$/, '.ts') : specifier, context);
  },
});
