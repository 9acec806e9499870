/** How the drill names itself, as the source of its leak and so as the caller of its report. */
export const DRILL_CALLER = 'devin-key-revoker/drill';
/** How the name of each of its keys begins. */
export const DRILL_KEY = 'drill-';

/**
 * Whether a report is that of a drill, and no leak. Both marks are needed: a detector that calls itself the drill does not
 * hide the leak of a key that is none of the drill's.
 */
export function isDrill(caller: string | undefined, apiKeyName: string | undefined): boolean {
  return caller === DRILL_CALLER && apiKeyName?.startsWith(DRILL_KEY) === true;
}
