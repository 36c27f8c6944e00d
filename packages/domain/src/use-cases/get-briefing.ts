import { z } from 'zod';
import { briefingSchema } from '../model/briefing.js';
import { sessionKeySchema } from '../model/names.js';
import { briefingReadLimits, composeBriefing } from '../rules/compose-briefing.js';
import { limits } from '../rules/limits.js';
import { callerArguments, defineUseCase } from './use-case.js';

/** The token budget of a briefing: all of it, as JSON. */
export const briefingBudget = z.int().min(limits.minTokens).max(limits.maxTokens).default(4000);

/** What to read first when resuming a session without a handoff. */
export const getBriefing = defineUseCase({
  name: 'getBriefing',
  input: z.strictObject({ ...callerArguments, sessionKey: sessionKeySchema, maxTokens: briefingBudget }),
  result: z.strictObject({ sessionKey: sessionKeySchema, briefing: briefingSchema }),
  async run({ store, namespace }, { sessionKey, maxTokens }) {
    const source = await store.readBriefing({ namespace, sessionKey, ...briefingReadLimits(maxTokens) });
    return { sessionKey, briefing: composeBriefing(source, maxTokens) };
  },
});
