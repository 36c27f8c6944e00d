import { findingsOf, type Finding } from './finding.js';

/** Clocks that differ by less do not change what anyone sees. */
const toleratedMs = 2000;

/**
 * Compares this machine's clock with another one.
 * @param aheadMs how far the other clock is ahead, in milliseconds
 * @param uncertainMs how exact that is, in milliseconds
 */
export function checkClock(other: string, aheadMs: number, uncertainMs: number): Finding {
  const { ok, warning } = findingsOf('clock');
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  if (Math.abs(aheadMs) <= toleratedMs + uncertainMs) return ok(`agrees with that of the ${other}`);
  return warning(
    `that of the ${other} is ${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's`,
    'Synchronise both with NTP: credentials expire by the clocks of their machines.',
  );
}
