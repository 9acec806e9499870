import { DRILL_CALLER } from '../lib/domain/drill.ts';
import type { DrillResult } from '../lib/drill/run-drill.ts';
import { outcomeRecords } from './observe.ts';
import type { Scenario } from './run-scenario.ts';

/** A throwaway key that is leaked to ourselves, and followed to its death. */
export const drillScenario: Scenario = {
  title:
    'A drill: a throwaway key is made, leaked to ourselves by a signed report, and followed to its death',
  async play({ check, functions, sandbox, say }) {
    const { service_user_id } = sandbox.devin.createServiceUser({ name: 'drills' });
    const other = sandbox.leak().leaked;
    const result = Object(await functions.drill.invoke({ drill: { service_user_id } })) as DrillResult;

    say('\nthe time of each step, since the leak was sent');
    for (const { ms, step } of result.steps) say(`${`${ms} ms`.padStart(9)}  ${step}`);
    say('\nwhat the sandbox saw');
    const keys = sandbox.devin.keys().filter((key) => key.service_user_id === service_user_id);
    check('the drill passed', result.status === 'passed');
    check('it made one key, and that is dead', keys.length === 1 && keys[0]?.is_active === false);
    const report = outcomeRecords(sandbox)[0]?.unmapped.report;
    check('its report is marked as a drill', Object(report).caller === DRILL_CALLER);
    check('no other key was touched', sandbox.devin.isLive(other.token));
  },
};
