import { shortNameOf } from '../../model/known-clients.js';
import { isRoleAddress, roleAddress } from '../../model/names.js';
import { nearestName } from '../unknown-problem.js';

/** The most names that a hint lists, and their most characters. */
const listed = { names: 5, characters: 200 };
/** Among how many of the names that were seen last a similar one is searched for. */
const searchedNames = 100;

/**
 * Returns what to tell an agent that made an offer to a name that was never seen: the name that it most likely meant, and
 * those that were seen last.
 *
 * @param seen the names that were seen, the last seen first; roles are addresses
 */
export function unseenTargetHint(target: string, requester: string, seen: readonly string[]): string {
  const meant = meantName(target, seen);
  const others = withinListed(seen.filter((name) => name !== requester && name !== meant));
  const known = others.length > 0 ? `Seen lately: ${others.join(', ')}.` : 'No other name was seen here yet.';
  return [
    isRoleAddress(target)
      ? `No agent has listened to ${target} in this namespace.`
      : `No agent named ${target} was seen in this namespace.`,
    'Names are case-sensitive.',
    ...(meant === undefined ? [known] : [`Did you mean ${meant}?`, ...(others.length > 0 ? [known] : [])]),
    'The offer stands; if the name is wrong, cancel it with resolveHandoff.',
  ].join(' ');
}

function withinListed(names: readonly string[]): readonly string[] {
  let left = listed.characters;
  return names.slice(0, listed.names).filter((name) => (left -= name.length) >= 0);
}

function meantName(target: string, seen: readonly string[]): string | undefined {
  const isRole = isRoleAddress(target);
  const name = isRole ? target.slice(roleAddress('').length) : target;
  const otherKind = isRole ? name : roleAddress(name);
  const newest = seen.slice(0, searchedNames).filter((each) => isRoleAddress(each) === isRole);
  const near = nearestName(name, isRole ? newest.map((each) => each.slice(roleAddress('').length)) : newest);
  return (
    seen.find((each) => each.toLowerCase() === target.toLowerCase()) ??
    seen.find((each) => each === otherKind || each === shortNameOf(target)) ??
    (near === undefined || !isRole ? near : roleAddress(near)) ??
    seen.find((each) => each.startsWith(`${target}-`))
  );
}
