import { isGivenBack, leavingAgent } from '@org/domain';
import type {
  AcknowledgedAppend,
  AcknowledgedClaim,
  AcknowledgedResolution,
  AcknowledgedTakeOver,
  FinalLog,
  History,
  SightedSession,
} from './history.js';

/**
 * Checks a history of concurrent calls. Returns the violations of these rules, in words; empty if there are none.
 *
 * - Each acknowledged append is in the log once, at the sequence of its answer. The log holds only appends that were
 *   sent.
 * - A log has no gaps. An append that began after another had ended comes after it.
 * - Epochs never fall along a log. An epoch has one owner. At an epoch, only its owner and participants write. An
 *   append is not written at an old epoch if a newer one was known before it began.
 * - An offer is accepted once, and again only after a lease on it lapsed.
 * - A take-over is the first entry of its epoch, and tells of the former owner's newest entry at the epoch before.
 * - A participant that has left, or was removed, writes nothing unless it was invited again.
 * - A handoff ends once, but an owner may remove the participant of a completed collaboration. A process returns a session only if it gives the epoch of the acceptance, or accepted it. No
 *   process of the owner ends a handoff with an old epoch if a newer one was known before.
 */
export function checkHistory(history: History): string[] {
  return [
    ...history.logs.flatMap((log) => [...checkLog(log), ...checkContents(log, history), ...checkWriters(log, history)]),
    ...history.appends.flatMap((append) => [...checkPlace(append, history), ...checkFence(append, history)]),
    ...checkOrder(history.appends),
    ...checkOwners(history.sightings),
    ...checkAcceptances(history.claims),
    ...history.takeOvers.flatMap((takeOver) => [...checkTakeOver(takeOver, history)]),
    ...checkEnds(history.resolutions),
    ...history.resolutions.flatMap((resolution) => [
      ...checkReturn(resolution),
      ...checkEpoch(resolution, history),
      ...checkLeaving(resolution, history),
    ]),
  ];
}

function* checkLog({ session, entries }: FinalLog): Iterable<string> {
  const { sessionKey, lastSequence } = session;
  if (entries.length !== lastSequence) {
    yield `${sessionKey}: the log holds ${entries.length} entries, and the session says ${lastSequence}`;
  }
  for (const [index, { sequence, epoch }] of entries.entries()) {
    if (sequence !== index + 1) yield `${sessionKey}: entry ${sequence} stands at place ${index + 1}`;
    const before = entries[index - 1];
    if (before !== undefined && before.epoch > epoch) {
      yield `${sessionKey}: entry ${sequence} is of epoch ${epoch}, after one of epoch ${before.epoch}`;
    }
  }
}

function* checkContents(
  { session: { sessionKey }, entries }: FinalLog,
  { sent, takeOvers }: History,
): Iterable<string> {
  const known = new Set(sent.filter((append) => append.sessionKey === sessionKey).map(nameOf));
  const taken = takeOvers.filter((takeOver) => takeOver.sessionKey === sessionKey);
  const seen = new Set<string>();
  for (const entry of entries) {
    // The store writes this entry itself.
    if (
      entry.contextType === 'system' &&
      taken.some(({ epoch, agent }) => epoch === entry.epoch && agent === entry.agent)
    )
      continue;
    if (!known.has(nameOf(entry))) yield `${sessionKey}: no agent sent entry ${entry.sequence} (${nameOf(entry)})`;
    if (seen.has(entry.content)) yield `${sessionKey}: entry ${entry.sequence} is there twice (${nameOf(entry)})`;
    seen.add(entry.content);
  }
}

function* checkPlace(
  { sessionKey, sequence, epoch, ...append }: AcknowledgedAppend,
  { logs }: History,
): Iterable<string> {
  const found = logs.find(({ session }) => session.sessionKey === sessionKey)?.entries[sequence - 1];
  if (found === undefined || nameOf(found) !== nameOf(append) || found.sequence !== sequence) {
    yield `${sessionKey}: ${nameOf(append)} was acknowledged as entry ${sequence}, which is ${found ? nameOf(found) : 'missing'}`;
  } else if (found.epoch !== epoch) {
    yield `${sessionKey}: entry ${sequence} was acknowledged at epoch ${epoch}, and is of epoch ${found.epoch}`;
  }
}

/** Leaves out replays, because they repeat an earlier write. */
function* checkOrder(appends: readonly AcknowledgedAppend[]): Iterable<string> {
  const fresh = appends.filter(({ replayed }) => !replayed).toSorted((a, b) => a.began - b.began);
  const ended = fresh.toSorted((a, b) => a.ended - b.ended);
  const highest = new Map<string, AcknowledgedAppend>();
  let next = 0;
  for (const append of fresh) {
    for (let over = ended[next]; over !== undefined && over.ended < append.began; over = ended[next]) {
      if (over.sequence > (highest.get(over.sessionKey)?.sequence ?? 0)) highest.set(over.sessionKey, over);
      next += 1;
    }
    const before = highest.get(append.sessionKey);
    if (before !== undefined && before.sequence >= append.sequence) {
      yield `${append.sessionKey}: entry ${append.sequence} was sent after entry ${before.sequence} was acknowledged`;
    }
  }
}

function* checkFence(append: AcknowledgedAppend, { sightings }: History): Iterable<string> {
  if (append.replayed) return;
  const moved = sightings.find(
    ({ session, ended }) =>
      session.sessionKey === append.sessionKey && ended < append.began && session.epoch > append.epoch,
  );
  if (moved === undefined) return;
  yield `${append.sessionKey}: entry ${append.sequence} was written at epoch ${append.epoch}, after epoch ${moved.session.epoch} had begun`;
}

function* checkWriters({ session, entries }: FinalLog, { sightings }: History): Iterable<string> {
  const { sessionKey } = session;
  const seen = sightings.map((sighting) => sighting.session).filter((sighted) => sighted.sessionKey === sessionKey);
  const owners = new Map([...seen, session].map(({ epoch, owner }) => [epoch, owner]));
  const participants = new Set([...seen, session].flatMap((sighted) => sighted.participants));
  for (const { sequence, epoch, agent } of entries) {
    const owner = owners.get(epoch);
    if (owner !== undefined && owner !== agent && !participants.has(agent)) {
      yield `${sessionKey}: ${agent} wrote entry ${sequence} at epoch ${epoch}, which is ${owner}'s`;
    }
  }
}

function* checkOwners(sightings: readonly SightedSession[]): Iterable<string> {
  const owners = new Map<string, string>();
  for (const { session } of sightings) {
    const name = `${session.sessionKey}: epoch ${session.epoch}`;
    const owner = owners.get(name) ?? session.owner;
    owners.set(name, owner);
    if (owner !== session.owner) yield `${name} is both ${owner}'s and ${session.owner}'s`;
  }
}

function* checkAcceptances(claims: readonly AcknowledgedClaim[]): Iterable<string> {
  for (const [handoffId, ofHandoff] of Map.groupBy(claims, ({ handoff }) => handoff.handoffId)) {
    // Each acceptance that moves ownership has its own epoch. Other handoffs have one acceptance.
    const periods = Map.groupBy(ofHandoff, ({ handoff }) => handoff.grantedEpoch ?? 0);
    for (const [epoch, answers] of periods) {
      const winners = new Set(answers.map(({ agent }) => agent));
      const firsts = answers.filter(({ replayed }) => !replayed).length;
      if (winners.size > 1) yield `${handoffId}: ${[...winners].join(' and ')} both accepted it (epoch ${epoch})`;
      if (firsts > 1) yield `${handoffId}: was accepted ${firsts} times at epoch ${epoch}`;
    }
    const ordered = [...periods].toSorted(([a], [b]) => a - b);
    for (const [index, [epoch]] of ordered.slice(1).entries()) {
      const [before, answers = []] = ordered[index] ?? [0];
      const hadLease = answers.some(({ session }) => session.lease?.handoffId === handoffId);
      if (!hadLease) yield `${handoffId}: was accepted at epoch ${before} for good, and again at epoch ${epoch}`;
      else if (epoch < before + 2) yield `${handoffId}: was accepted at epoch ${epoch} without a lapse since ${before}`;
    }
  }
}

function* checkTakeOver(
  { sessionKey, agent, epoch, tookOver }: AcknowledgedTakeOver,
  { logs }: History,
): Iterable<string> {
  const { entries = [] } = logs.find(({ session }) => session.sessionKey === sessionKey) ?? {};
  const first = entries.find((entry) => entry.epoch === epoch);
  if (first?.contextType !== 'system' || first.agent !== agent) {
    yield `${sessionKey}: the first entry of epoch ${epoch} does not say that ${agent} took the session over`;
  }
  const written = entries.findLast((entry) => entry.epoch === epoch - 1 && entry.agent === tookOver.from)?.sequence;
  if (written !== tookOver.lastSequence) {
    yield `${sessionKey}: ${agent} was told that ${tookOver.from} wrote up to ${tookOver.lastSequence}, and it wrote up to ${written}`;
  }
}

function* checkEnds(resolutions: readonly AcknowledgedResolution[]): Iterable<string> {
  const fresh = resolutions.filter(({ replayed }) => !replayed);
  for (const [handoffId, all] of Map.groupBy(fresh, ({ handoff }) => handoff.handoffId)) {
    const isRemoved = all.some(({ handoff, outcome }) => leavingAgent(handoff, outcome) !== undefined);
    const ends = isRemoved ? all.filter(({ outcome }) => outcome !== 'completed') : all;
    if (ends.length > 1) yield `${handoffId}: ended as ${ends.map(({ outcome }) => outcome).join(' and as ')}`;
  }
}

function* checkLeaving(
  { handoff, outcome, replayed, began, ended }: AcknowledgedResolution,
  { appends, claims }: History,
): Iterable<string> {
  const { sessionKey } = handoff;
  const agent = leavingAgent(handoff, outcome);
  const wasInvited = claims.some(
    (claim) => claim.agent === agent && claim.handoff.sessionKey === sessionKey && claim.ended > began,
  );
  if (replayed || agent === undefined || wasInvited) return;
  const late = appends.find(
    (append) => append.sessionKey === sessionKey && append.agent === agent && !append.replayed && append.began > ended,
  );
  if (late !== undefined) yield `${sessionKey}: ${agent} wrote entry ${late.sequence} after it had left`;
}

function* checkReturn({ outcome, handoff, claimant, epoch, replayed }: AcknowledgedResolution): Iterable<string> {
  if (replayed || !isGivenBack(handoff, outcome)) return;
  const { handoffId, grantedEpoch, claimant: winner } = handoff;
  if (epoch !== undefined && epoch !== grantedEpoch) {
    yield `${handoffId}: was accepted at epoch ${grantedEpoch}, and returned by an epoch ${epoch}`;
  }
  if (epoch === undefined && claimant !== undefined && winner !== undefined && claimant !== winner) {
    yield `${handoffId}: ${winner} accepted it, and ${claimant} returned it`;
  }
}

/** Checks only calls that began after the session's last epoch was seen: only then is their owner certain. */
function* checkEpoch(
  { agent, outcome, handoff, epoch, replayed, began }: AcknowledgedResolution,
  { logs, sightings }: History,
): Iterable<string> {
  const last = logs.find(({ session }) => session.sessionKey === handoff.sessionKey)?.session;
  if (replayed || epoch === undefined || last === undefined || last.owner !== agent || last.epoch === epoch) return;
  const hadBegun = sightings.some(
    ({ session, ended }) => session.sessionKey === handoff.sessionKey && session.epoch === last.epoch && ended < began,
  );
  if (hadBegun) yield `${handoff.handoffId}: ${outcome} by an epoch ${epoch}, after epoch ${last.epoch} had begun`;
}

const nameOf = ({ agent, content }: { readonly agent: string; readonly content: string }): string =>
  `${agent} "${content}"`;
