import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HttpServerProcess } from '@org/mcp-http/testing';
import { expectedScenarios, missingFixture } from './expected-scenarios.js';
import { openFixtureServer, type FixtureServer } from './fixtures/fixture-server.js';
import { failures, revisions, runConformance, verdictsOf, type Revision } from './run-conformance.js';

/** A few seconds of work, on cores that others use too. */
const timeoutMs = 120_000;

const baselineOf = (revision: Revision): string => join(import.meta.dirname, 'expected-failures', `${revision}.yaml`);

const sorted = (...lists: (readonly string[])[]): string[] => lists.flat().toSorted();

describe('the product with fixtures in place of its tools, resources and prompts', { timeout: timeoutMs }, () => {
  let server: FixtureServer;
  beforeAll(async () => {
    server = await openFixtureServer();
  });
  afterAll(() => server.close());

  it.each(revisions)('passes all of %s that works without sessions', async (revision) => {
    const run = await runConformance(server.mcp, revision, baselineOf(revision));
    expect(run.exitCode, run.output).toBe(0);
    const expected = expectedScenarios[revision];
    expect(verdictsOf(run)).toEqual({
      passed: sorted(expected.needNothing, expected.needFixtures, expected.needFeatures, expected.vacuousOnProduct),
      vacuous: expected.vacuous,
      failed: sorted(expected.needSessions, expected.needExtensions),
    });
  });

  it('fails if the baseline names a scenario that passes', async () => {
    const stale = join(tmpdir(), `stale-${process.pid}.yaml`);
    await writeFile(stale, `${await readFile(baselineOf('2025-11-25'), 'utf8')}  - ping\n`);
    const { exitCode, output } = await runConformance(server.mcp, '2025-11-25', stale);
    await rm(stale);
    expect(exitCode).toBe(1);
    expect(output).toMatch(/Stale baseline entries.*\n.*ping/);
  });
});

describe('the product', { timeout: timeoutMs }, () => {
  let server: HttpServerProcess;
  beforeAll(async () => {
    server = await HttpServerProcess.start({ DATABASE_URL: 'sqlite::memory:' });
  });
  afterAll(() => server.stop());

  it.each(revisions)('passes all of %s that needs no fixture', async (revision) => {
    const run = await runConformance(server.mcp, revision);
    const { needNothing, vacuous, vacuousOnProduct, ...unmet } = expectedScenarios[revision];
    expect(verdictsOf(run)).toEqual({
      passed: needNothing,
      vacuous: sorted(vacuous, vacuousOnProduct),
      failed: sorted(...Object.values(unmet)),
    });
    const forWantOfFixtures = failures(run).filter(({ scenario }) => unmet.needFixtures.includes(scenario));
    expect(forWantOfFixtures.filter(({ message }) => !missingFixture.test(message))).toEqual([]);
  });
});
