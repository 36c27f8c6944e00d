import { readFile } from 'node:fs/promises';
import { expect, it, onTestFinished } from 'vitest';
import { Scene } from '../scene.js';
import type { Symptoms } from './symptoms.js';

export const guide = await readFile(new URL('../../../../docs/operations/troubleshooting.md', import.meta.url), 'utf8');

/** What the guide quotes, by its headings. Each line of a block of text is one quote. */
export const quotes: ReadonlyMap<string, readonly string[]> = new Map(
  guide
    .split(/^### /m)
    .slice(1)
    .map((entry) => {
      const blocks = [...entry.matchAll(/^```text\n([\s\S]*?)^```$/gm)];
      return [entry.slice(0, entry.indexOf('\n')), blocks.flatMap(([, text = '']) => text.trimEnd().split('\n'))];
    }),
);

/** An ellipsis stands for any text. */
const patternOf = (quote: string): RegExp =>
  new RegExp(
    quote
      .split('…')
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
      .join('[^\\n]*'),
  );

/** Provokes each symptom, and expects to see all that the guide quotes of it. */
export function describeSymptoms(symptoms: Symptoms): void {
  it.for(Object.entries(symptoms))('%s', { timeout: 60_000 }, async ([symptom, provoke]) => {
    const scene = await Scene.open();
    onTestFinished(scene.close);
    await provoke(scene);
    const quoted = quotes.get(symptom) ?? [];
    expect(quoted).not.toEqual([]);
    for (const quote of quoted) await expect.poll(() => scene.shown()).toMatch(patternOf(quote));
  });
}
