import type { Scene } from '../scene.js';

/** Makes one symptom of the guide appear. */
export type Provoke = (scene: Scene) => Promise<unknown>;

/** By the headings of the guide. */
export type Symptoms = Readonly<Record<string, Provoke>>;
