import { requireSupportedNode } from '@org/context-store/inspect';
import { describeError } from './describe-error.js';
import { findingsOf, type Finding } from './finding.js';

/** Checks the version of Node.js. @param version for tests. Default: the one that runs */
export function checkNode(version = process.versions.node): Finding {
  const { ok, problem } = findingsOf('Node.js');
  try {
    requireSupportedNode(version);
    return ok(version);
  } catch (error) {
    return problem(describeError(error));
  }
}
