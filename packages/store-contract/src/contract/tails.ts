import { logPages, type AppendedEntry, type ReadEntries } from '@org/domain';
import { describe, expect } from 'vitest';
import type { ScenarioTest } from '../store-scenario.js';

export function describeTails(test: ScenarioTest): void {
  describe('the end of a log', () => {
    test('is the last append, or none', async (s) => {
      const { session: created } = await s.createSession();
      expect(await s.readLogEnd()).toMatchObject({ session: { uid: created.uid }, lastAppend: undefined });
      for (const content of ['a', 'bc']) {
        const { replayed: _replayed, ...appended } = await s.append({ content });
        const { session, lastAppend } = await s.readLogEnd();
        expect(lastAppend).toEqual(appended);
        expect(session).toEqual({ ...(await s.readSession()), observedAtMs: session.observedAtMs });
      }
    });

    test('is read for many callers at once, each with its own answer or refusal', async (s) => {
      const keys = Array.from({ length: 100 }, (_, index) => `${s.sessionKey}-${index}`);
      for (const [index, sessionKey] of keys.entries()) if (index % 10 > 0) await s.createSession({ sessionKey });
      const ends = await Promise.allSettled(
        keys.map((sessionKey) => s.store.readLogEnd({ namespace: s.namespace, sessionKey })),
      );
      expect(ends.map((end) => (end.status === 'fulfilled' ? end.value.session.sessionKey : 'refused'))).toEqual(
        keys.map((key, index) => (index % 10 > 0 ? key : 'refused')),
      );
      for (const end of ends.filter(({ status }) => status === 'rejected')) {
        expect(end).toMatchObject({ reason: { code: 'SESSION_NOT_FOUND' } });
      }
    });
  });

  describe('the tail of a log', () => {
    test('has the last append of each full page, and the entries after the full pages', async (s) => {
      await s.createSession();
      const appended: AppendedEntry[] = [];
      for (let index = 1; index <= 10; index += 1) {
        const { replayed: _replayed, ...answer } = await s.append({
          content: 'x'.repeat(index),
          estimatedTokens: index,
        });
        appended.push(answer);
      }
      const { entries } = await s.readEntries();
      const tail = await s.readTail();
      expect(tail).toEqual({
        session: { ...(await s.readSession()), observedAtMs: tail.session.observedAtMs },
        scanned: { first: 1, last: 10 },
        pageEnds: [appended[3], appended[7]],
        entries: entries.slice(8),
      });
      expect((await s.readTail({ pageSize: 100, maxContentLength: 9 })).entries.at(-1)).toEqual({
        ...entries[9],
        content: 'x'.repeat(9),
        contentCut: true,
      });
    });

    test('covers the range that a page of the log scans', async (s) => {
      await s.createSession();
      const sequences = (of: readonly AppendedEntry[]): number[] => of.map(({ sequence }) => sequence);
      const requests: Partial<ReadEntries>[] = [
        {},
        { limit: 3 },
        { afterSequence: 3, limit: 2 },
        { afterSequence: 9, limit: 2 },
        { afterSequence: 99 },
        ...[
          {},
          { limit: 1 },
          { limit: 3 },
          { beforeSequence: 9, limit: 2 },
          { beforeSequence: 5, afterSequence: 4 },
        ].map((request) => ({ ...request, direction: 'descending' as const })),
        { direction: 'descending', beforeSequence: 99, limit: 2 },
        { direction: 'descending', afterSequence: 99 },
      ];
      for (let length = 0; length <= 12; length += 1) {
        for (const request of requests) {
          const page = await s.readEntries(request);
          const tail = await s.readTail(request);
          const { pageEnds, tail: behind } = logPages(page.scanned, length, 4);
          expect([tail.scanned, sequences(tail.pageEnds)]).toEqual([page.scanned, pageEnds]);
          const expected = page.entries.filter(({ sequence }) => sequence >= behind.first);
          expect(tail.entries).toEqual(expected.toSorted((a, b) => a.sequence - b.sequence));
        }
        await s.append();
      }
    });
  });
}
