import { isIntent } from './record-path.ts';

// Notes are empty objects whose names say everything, so that a listing reads them. They are no evidence: what a note
// names is looked up, and what has no note is found by the verifier.

/**
 * Prefixes that hold no evidence, so that no digest lists them: digests themselves; notes and positions, which can be made
 * again; what is replaced (the registry, experiments in progress); and leases and rechecks, which matter while work goes on.
 */
export const NOT_DIGESTED: readonly string[] = [
  'digests/',
  'index/',
  'state/',
  'registry/',
  'experiments/',
  'leases/',
  'rechecks/',
];

/** Notes of what was stored on a day outside `records/date=<day>/`, for the digest of that day. */
export const STORED_NOTES = 'index/stored/';
/** Notes of intents, in the order of time, for the search for reports that were lost. */
export const OPEN_NOTES = 'index/open/';

/** The folder of the notes of a day. */
export function storedNotes(day: string): string {
  return `${STORED_NOTES}date=${day}/`;
}

/** Intents that were stored at a time or later have notes that sort after this. @param time epoch milliseconds */
export function openNotes(time: number): string {
  const iso = new Date(time).toISOString();
  return `${OPEN_NOTES}date=${iso.slice(0, 10)}/${iso.slice(11, 16).replace(':', '')}/`;
}

/** The path of the object that a note names. */
export function notedPath(note: string): string {
  return note.replace(/^index\/stored\/date=[^/]*\/|^index\/open\/date=[^/]*\/\d{4}\//, '');
}

/** The note that the digest of the day needs. @param now epoch milliseconds at which the object is stored */
export function storedNote(path: string, now: number): string | undefined {
  const day = new Date(now).toISOString().slice(0, 10);
  const hasNone = [`records/date=${day}/`, ...NOT_DIGESTED].some((prefix) => path.startsWith(prefix));
  return hasNone ? undefined : `${storedNotes(day)}${path}`;
}

/** The note of an intent. @param now epoch milliseconds at which it is stored */
export function openNote(path: string, now: number): string | undefined {
  return isIntent(path) ? `${openNotes(now)}${path}` : undefined;
}
