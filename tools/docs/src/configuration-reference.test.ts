import { expect, it } from 'vitest';
import { configurationReference } from './configuration-reference.js';

it('is what docs/configuration.md says; run it with -u when it is not', async () => {
  await expect(configurationReference()).toMatchFileSnapshot('../../../docs/configuration.md');
});
