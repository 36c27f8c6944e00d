import { constants } from 'node:os';
import { ContextStoreError, isContextStoreError, withoutOutcome } from '@org/domain';
import { CommanderError } from 'commander';
import { endings, exitCodes, type Ending } from './exit-codes.js';
import { nameCommands } from './name-commands.js';
import { oneLine } from './output/visible.js';

/** A command that cannot be carried out. Its message says what happened and what to do next, in one line. */
export class CommandError extends Error {
  /** Decides the exit code. */
  readonly ending: Ending;

  constructor(ending: Ending, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CommandError';
    this.ending = ending;
  }
}

/** A stop signal came before a command was done. */
export class StoppedError extends Error {
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`${signal} came before it was done. Nothing is half done: run the same command again.`);
    this.signal = signal;
  }
}

/** How a program ends after an error: its exit code, and the lines to print. */
export interface Failure {
  readonly exitCode: number;
  readonly lines: readonly string[];
}

/** Returns how the program ends after an error. No line holds a stack, or moves the cursor. */
export function failureOf(error: unknown): Failure {
  if (error instanceof StoppedError) return { exitCode: 128 + constants.signals[error.signal], lines: [error.message] };
  // The settings that are wrong have a line each.
  const lines = messageOf(error).split('\n').map(oneLine);
  return { exitCode: exitCodes[endingOf(error)].code, lines };
}

function endingOf(error: unknown): Ending {
  if (error instanceof CommandError) return error.ending;
  if (error instanceof CommanderError) return 'usage';
  if (!isContextStoreError(error)) return 'failed';
  if (error.code === 'STORE_UNAVAILABLE' && !error.retryable) return 'failed';
  // The arguments are right, but what is stored does not allow them.
  const isConflict = isContextStoreError(error, 'VALIDATION_ERROR') && error.details.epoch !== undefined;
  return isConflict ? 'refused' : endings[error.code];
}

function messageOf(error: unknown): string {
  if (isContextStoreError(error, 'VALIDATION_ERROR') && lacksAgent(error.details.issues))
    return 'This command acts as an agent. Name it with --agent NAME or CONTEXT_AGENT.';
  if (error instanceof ContextStoreError) return nameCommands(withoutOutcome(error));
  return error instanceof Error ? error.message : String(error);
}

const lacksAgent = (issues: readonly { readonly path: string; readonly message: string }[]): boolean =>
  issues.some(({ path, message }) => path === 'agent' && message === 'missing');
