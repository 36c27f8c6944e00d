import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everyConnection, openInspector, type Inspector } from './inspect.js';

let inspector: Inspector;
beforeAll(async () => {
  inspector = await openInspector();
});
afterAll(() => inspector.close());

/** A second of work, on cores that others use too. */
const timeout = 60_000;

describe.each(everyConnection)('the inspector over %s, %s era', { timeout }, (transport, era) => {
  it.each([
    ['resources/list', [], '"uri":"handoff://sessions"'],
    ['resources/templates/list', [], '"uriTemplate":"handoff://summary/{sessionKey}"'],
    ['resources/read', ['--uri', 'handoff://stats'], '"mimeType":"application/json"'],
    ['prompts/list', [], '"name":"resume"'],
    ['prompts/get', ['--prompt-name', 'resume'], '"role":"user"'],
    ['tools/call', ['--tool-name', 'registerSession', '--tool-arg', 'agent=inspector'], '"created":true'],
  ])('is content with %s', async (method, more, answered) => {
    const { exitCode, stdout, stderr } = await inspector.inspect(transport, era, ['--method', method, ...more]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain(answered);
  });
});
