import { startAgent, type Agent } from './agent.js';
import { complete, improve, requestReview, takeOver } from './implementer.js';
import { appendLate, recordAndOffer } from './planner.js';
import { approveWork, returnWork, waitForWork } from './reviewer.js';

/** The scenes of the story, each played by one agent in its own process when the conductor calls for it. */
const scenes = {
  recordAndOffer: (agent: Agent) => recordAndOffer(agent, sessionKey, repository),
  takeOver: (agent: Agent) => takeOver(agent, sessionKey),
  appendLate: (agent: Agent) => appendLate(agent, sessionKey),
  waitForWork: (agent: Agent) => waitForWork(agent),
  requestReview: (agent: Agent) => requestReview(agent, sessionKey),
  returnWork: (agent: Agent) => returnWork(agent),
  improve: (agent: Agent) => improve(agent, sessionKey),
  approveWork: (agent: Agent) => approveWork(agent),
  complete: (agent: Agent) => complete(agent),
} as const;

export type Scene = keyof typeof scenes;

const [name = '', sessionKey = '', repository = ''] = process.argv.slice(2);
const agent = await startAgent(name);

process.on('message', (scene: Scene) => {
  scenes[scene](agent).then(
    () => process.send?.('done'),
    (error: unknown) => {
      process.stderr.write(`${name} failed in ${scene}: ${error instanceof Error ? error.message : String(error)}\n`);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => void agent.close());
process.send?.('ready');
