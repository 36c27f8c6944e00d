import { describe, expect, it } from 'vitest';
import { anchorOf } from './anchor-of.js';
import { aloneSymptoms } from './symptoms/alone.js';
import { describeSymptoms, guide, quotes } from './symptoms/describe-symptoms.js';
import { postgresRedisSymptoms } from './symptoms/postgres-redis.js';
import { postgresServerSymptoms } from './symptoms/postgres-server.js';
import { postgresSymptoms } from './symptoms/postgres.js';

describe('the guide to troubleshooting', () => {
  it('describes the symptoms that are provoked, and no others', () => {
    const provoked = { ...aloneSymptoms, ...postgresSymptoms, ...postgresServerSymptoms, ...postgresRedisSymptoms };
    expect([...quotes.keys()].toSorted()).toEqual(Object.keys(provoked).toSorted());
  });

  it('lists every symptom at its head', () => {
    const [contents = ''] = guide.split('\n### ');
    const links = [...contents.matchAll(/^\s*- \[(.+)\]\(#(.+)\)$/gm)].map(([, title, anchor]) => [title, anchor]);
    expect(links).toEqual([...quotes.keys()].map((heading) => [heading, anchorOf(heading)]));
  });
});

describeSymptoms(aloneSymptoms);
