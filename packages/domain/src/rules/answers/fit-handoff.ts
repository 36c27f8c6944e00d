import type { Handoff } from '../../model/handoff.js';
import { cutToJsonBytes, previewOf } from '../text/cut-text.js';
import { jsonBytes } from './fit-entry.js';

/** Enough of a text to choose a handoff by. */
const previewLength = 280;

const texts = ['reason', 'instructions', 'summary'] as const;
const objects = ['result', 'requestData'] as const;

/**
 * The handoff within a number of bytes as JSON: whole if it fits; otherwise with its texts cut to previews, and without
 * the objects that do not fit. `truncated` names what is not shown whole.
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
