import type { Handoff } from '../../model/handoff.js';
import { cutToJsonBytes, previewOf } from '../text/cut-text.js';
import { jsonBytes } from './fit-entry.js';

/** Code points of a text that suffice to choose a handoff. */
const previewLength = 280;

const texts = ['reason', 'instructions', 'summary'] as const;
const objects = ['result', 'requestData'] as const;

/**
 * Returns the handoff in at most `maxBytes` as JSON. If it is larger, cuts its texts to previews, and leaves out the
 * objects that do not fit. `truncated` names the fields that are not whole.
 */
export function fitHandoff(handoff: Handoff, maxBytes: number): Handoff {
  if (jsonBytes(handoff) <= maxBytes) return handoff;
  const fitted = { ...handoff };
  for (const name of [...texts, ...objects]) delete fitted[name];
  const truncated: string[] = [];
  let left = maxBytes - jsonBytes({ ...fitted, truncated: [...texts, ...objects] });

  for (const name of texts) {
    const text = handoff[name];
    if (text === undefined) continue;
    const preview = cutToJsonBytes(previewOf(text, previewLength), left - fieldBytes(name, ''));
    if (preview.length > 0) {
      fitted[name] = preview.text;
      left -= fieldBytes(name, preview.text);
    }
    if (preview.text !== text) truncated.push(name);
  }
  for (const name of objects) {
    const object = handoff[name];
    if (object === undefined) continue;
    if (fieldBytes(name, object) > left) {
      truncated.push(name);
    } else {
      fitted[name] = object;
      left -= fieldBytes(name, object);
    }
  }
  return { ...fitted, truncated };
}

const fieldBytes = (name: string, value: unknown): number => jsonBytes({ [name]: value }) - 1;
