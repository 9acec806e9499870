/**
 * @typedef {Readonly<Record<string, unknown>>} Settings by the name of the parameter
 * @typedef {{ name: string, before: string, after: string }} Weaker
 */

/**
 * What a deployment would weaken: the lock of the audit log, and every parameter that was set and would be empty, which is
 * what happens to one that was given with `--param` and is left out the next time. A parameter that only one of the two
 * versions has is no loss.
 *
 * @param {Settings} before as deployed
 * @param {Settings} after as they would be deployed
 * @returns {Weaker[]}
 */
function weakerSettings(before, after) {
  return Object.keys(before)
    .filter((name) => name in after)
    .map((name) => ({ name, before: text(before[name]), after: text(after[name]) }))
    .filter(isWeaker);
}

/** @param {Weaker} change */
function isWeaker({ name, before, after }) {
  if (before !== '' && after === '') return true;
  switch (name) {
    case 'auditLockMode':
      return before === 'COMPLIANCE' && after !== 'COMPLIANCE';
    case 'auditLockDays':
      // What is not a number is refused too.
      return !(Number(after) >= Number(before));
    default:
      return false;
  }
}

/** @param {unknown} value */
function text(value) {
  return value === null || value === undefined ? '' : String(value).trim();
}

/**
 * The settings of a deployed template. One of a version that did not note them has its lock at least.
 *
 * @param {{ Metadata?: { Settings?: Settings }, Resources?: Record<string, { Properties?: any }> }} template
 * @returns {Settings}
 */
function settingsOf({ Metadata, Resources }) {
  if (Metadata?.Settings !== undefined) return Metadata.Settings;
  const lock = Resources?.AuditBucket?.Properties?.ObjectLockConfiguration?.Rule?.DefaultRetention;
  return lock === undefined ? {} : { auditLockMode: lock.Mode, auditLockDays: lock.Days };
}

module.exports = { settingsOf, weakerSettings };
