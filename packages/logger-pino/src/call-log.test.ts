import { pino, type LevelWithSilent } from 'pino';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createCallLog, logsCalls, type CallLogOptions, type LoggedCall } from './call-log.js';

let lines: Record<string, unknown>[];
beforeEach(() => {
  lines = [];
});

const write: LoggedCall = {
  requestId: 'r-1',
  method: 'tools/call',
  tool: 'updateContext',
  mayWrite: true,
  credential: 'key:ci',
  namespace: undefined,
  agent: 'planner',
  sessionKey: 'work',
  outcome: 'ok',
  durationMs: 1.5,
};
const read: LoggedCall = { ...write, tool: 'getContext', mayWrite: false };

function log(calls: readonly LoggedCall[], given: Partial<CallLogOptions> = {}, level: LevelWithSilent = 'info') {
  const logger = pino({ level }, { write: (line: string) => lines.push(JSON.parse(line) as never) });
  const logCall = createCallLog(logger, { audits: 'writes', sample: 1, namespace: 'default', ...given });
  for (const call of calls) logCall(call);
}

describe('the audit trail', () => {
  it('says who called what, and how it ended', () => {
    log([{ ...write, isReplay: true, traceId: 't-1', handoffId: 'h-1' }]);
    expect(lines).toMatchObject([
      {
        audit: true,
        credential: 'key:ci',
        namespace: 'default',
        agent: 'planner',
        method: 'tools/call',
        tool: 'updateContext',
        sessionKey: 'work',
        handoffId: 'h-1',
        outcome: 'ok',
        replayed: true,
        requestId: 'r-1',
        traceId: 't-1',
        durationMs: 1.5,
      },
    ]);
  });

  it.each<[CallLogOptions['audits'], unknown[]]>([
    ['off', []],
    ['writes', ['updateContext']],
    ['all', ['updateContext', 'getContext']],
  ])('%s', (audits, tools) => {
    log([write, read], { audits });
    expect(lines.map(({ tool }) => tool)).toEqual(tools);
  });

  it.each<LevelWithSilent>(['silent', 'error'])('is written at the level %s', (level) => {
    log([write], {}, level);
    expect(lines).toHaveLength(1);
  });

  it('names the issuer of tokens, and says none where no credential is asked for', () => {
    const credentials = ['subject:alice', 'key:ci', undefined];
    log(
      credentials.map((credential) => ({ ...write, credential })),
      { issuer: 'https://issuer.example' },
    );
    expect(lines.map(({ credential, issuer }) => [credential, issuer])).toEqual([
      ['subject:alice', 'https://issuer.example'],
      ['key:ci', undefined],
      ['none', undefined],
    ]);
  });

  it('leaves out a share of the calls that succeed, and none that fails', () => {
    const random = vi.spyOn(Math, 'random');
    for (const value of [0.05, 0.2, 0.9]) {
      random.mockReturnValue(value);
      log([write, { ...write, outcome: 'FORBIDDEN' }], { sample: 0.1 });
    }
    random.mockRestore();
    expect(lines.map(({ outcome }) => outcome)).toEqual(['ok', 'FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN']);
  });
});

it('logs tool calls that were served at debug, without names', () => {
  const { durationMs: _duration, ...refused } = write;
  log([read, refused, { ...read, tool: undefined, method: 'resources/read' }], { audits: 'off' }, 'debug');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ tool: 'getContext', outcome: 'ok', msg: 'Call' });
  expect(JSON.stringify(lines)).not.toMatch(/planner|work|key:ci/);
});

it('needs calls for the trail, and at debug', () => {
  expect([
    logsCalls({ audits: 'off' }, 'info'),
    logsCalls({ audits: 'off' }, 'debug'),
    logsCalls({ audits: 'all' }, 'silent'),
  ]).toEqual([false, true, true]);
});
