import { afterAll, beforeAll, expect, it } from 'vitest';
import { everyConnection, openInspector, type Inspector } from './inspect.js';

let inspector: Inspector;
beforeAll(async () => {
  inspector = await openInspector();
});
afterAll(() => inspector.close());

/** A second of work, on cores that others use too. */
const timeout = 60_000;

it.each(everyConnection)(
  'the tools over %s, %s era, are what every client understands',
  { timeout },
  async (...over) => {
    const { exitCode, stdout, stderr } = await inspector.inspect(...over, ['--method', 'tools/list', '--strict']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain('"name":"registerSession"');
  },
);
