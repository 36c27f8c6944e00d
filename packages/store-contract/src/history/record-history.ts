import { mapStore, type EntryRecord, type SessionRecord, type Store } from '@org/domain';
import type {
  AcknowledgedAppend,
  AcknowledgedClaim,
  AcknowledgedResolution,
  AcknowledgedTakeOver,
  FinalLog,
  History,
  SentAppend,
  SightedSession,
} from './history.js';

/** Records calls of stores and their answers, for `checkHistory`. */
export interface HistoryRecorder {
  /** Returns a store that records its calls. Any number of stores over the same data can be part of one history. */
  readonly watch: (store: Store) => Store;
  /** Returns the history so far, with the logs of its sessions as this store reads them now. For one namespace. */
  readonly history: (store: Store) => Promise<History>;
}

export function createHistoryRecorder(): HistoryRecorder {
  const recorder = new Recorder();
  return { watch: (store) => recorder.watch(store), history: (store) => recorder.history(store) };
}

class Recorder {
  readonly #sent: SentAppend[] = [];
  readonly #appends: AcknowledgedAppend[] = [];
  readonly #claims: AcknowledgedClaim[] = [];
  readonly #resolutions: AcknowledgedResolution[] = [];
  readonly #takeOvers: AcknowledgedTakeOver[] = [];
  readonly #sightings: SightedSession[] = [];
  #namespace = '';
  #order = 0;

  watch(store: Store): Store {
    return {
      ...mapStore(store, ({ run }) => run()),
      ping: () => store.ping(),
      close: (withinMs) => store.close(withinMs),
      createSession: async (request) => {
        this.#namespace = request.namespace;
        const { answer, ...interval } = await this.#timed(() => store.createSession(request));
        if (!answer.replayed) this.#sightings.push({ session: answer.session, ...interval });
        return answer;
      },
      readSession: async (request) => {
        const { answer, ...interval } = await this.#timed(() => store.readSession(request));
        this.#sightings.push({ session: answer, ...interval });
        return answer;
      },
      appendEntry: async (request) => {
        const { sessionKey, agent, content } = request;
        this.#sent.push({ sessionKey, agent, content });
        const { answer, ...interval } = await this.#timed(() => store.appendEntry(request));
        const { sequence, epoch, replayed } = answer;
        this.#appends.push({ sessionKey, agent, content, sequence, epoch, replayed, ...interval });
        return answer;
      },
      claimHandoff: async (request) => {
        const { answer, ...interval } = await this.#timed(() => store.claimHandoff(request));
        this.#claims.push({ agent: request.agent, ...answer, ...interval });
        const { sessionKey, tookOver, grantedEpoch: epoch } = answer.handoff;
        if (!answer.replayed && tookOver !== undefined && epoch !== undefined) {
          this.#takeOvers.push({ sessionKey, agent: request.agent, epoch, tookOver, ...interval });
        }
        // A replay shows the session as it was.
        if (!answer.replayed) this.#sightings.push({ session: answer.session, ...interval });
        return answer;
      },
      takeOverSession: async (request) => {
        const { sessionKey, agent } = request;
        const { answer, ...interval } = await this.#timed(() => store.takeOverSession(request));
        const { session, tookOver } = answer;
        this.#takeOvers.push({ sessionKey, agent, epoch: session.epoch, tookOver, ...interval });
        this.#sightings.push({ session, ...interval });
        return answer;
      },
      resolveHandoff: async (request) => {
        const { agent, outcome, claimant, epoch } = request;
        const { answer, ...interval } = await this.#timed(() => store.resolveHandoff(request));
        this.#resolutions.push({ agent, outcome, claimant, epoch, ...answer, ...interval });
        return answer;
      },
    };
  }

  async history(store: Store): Promise<History> {
    const logs = await Promise.all((await this.#sessionKeys(store)).map((sessionKey) => this.#log(store, sessionKey)));
    return {
      sent: this.#sent,
      appends: this.#appends,
      claims: this.#claims,
      resolutions: this.#resolutions,
      takeOvers: this.#takeOvers,
      sightings: this.#sightings,
      logs,
    };
  }

  async #timed<T>(call: () => Promise<T>): Promise<{ answer: T; began: number; ended: number }> {
    const began = (this.#order += 1);
    const answer = await call();
    return { answer, began, ended: (this.#order += 1) };
  }

  async #sessionKeys(store: Store): Promise<readonly string[]> {
    return store.listSessionKeys({ namespace: this.#namespace, prefix: '', limit: 10_000 });
  }

  async #log(store: Store, sessionKey: string): Promise<FinalLog> {
    const entries: EntryRecord[] = [];
    let session: SessionRecord;
    let read: number;
    do {
      const range = { afterSequence: entries.length, limit: 500, contentOffset: 0, maxContentLength: 10_000 };
      const page = await store.readEntries({
        namespace: this.#namespace,
        sessionKey,
        direction: 'ascending',
        ...range,
      });
      ({ session } = page);
      entries.push(...page.entries);
      read = page.entries.length;
    } while (read > 0);
    return { session, entries };
  }
}
