import { z } from 'zod';
import { briefingSchema } from '../model/briefing.js';
import { sessionKeySchema } from '../model/names.js';
import { answerBudget } from '../rules/answers/answer-budget.js';
import { briefingReadLimits, composeBriefing } from '../rules/briefing/compose-briefing.js';
import { bytesWithin } from '../rules/text/estimate-tokens.js';
import { jsonBytes } from '../rules/answers/fit-entry.js';
import { callerArguments, defineUseCase } from './use-case.js';

/** Returns the briefing of a session, for an agent that resumes without a handoff. */
export const getBriefing = defineUseCase({
  name: 'getBriefing',
  input: z.strictObject({ ...callerArguments, sessionKey: sessionKeySchema, maxTokens: answerBudget(4000) }),
  result: z.strictObject({ sessionKey: sessionKeySchema, briefing: briefingSchema }),
  async run({ store, namespace }, { sessionKey, maxTokens }) {
    const source = await store.readBriefing({ namespace, sessionKey, ...briefingReadLimits(maxTokens) });
    const bytes = bytesWithin(maxTokens) - jsonBytes({ sessionKey, briefing: 0 });
    return { sessionKey, briefing: composeBriefing(source, bytes) };
  },
});
