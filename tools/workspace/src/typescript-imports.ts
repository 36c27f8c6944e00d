import { registerHooks } from 'node:module';

/**
 * Lets a plain Node.js process run the source. Node.js strips types, but does not resolve `./x.js` to `./x.ts` as
 * TypeScript does. With the condition `@org/source`, tests never run a stale build.
 */
registerHooks({
  resolve(specifier, context, nextResolve) {
    const isOurs = specifier.startsWith('.') && context.parentURL?.endsWith('.ts') === true;
    return nextResolve(isOurs ? specifier.replace(/\.js$/, '.ts') : specifier, context);
  },
});
