import { parseArgs } from 'node:util';
import { runScenario } from './run-scenario.ts';
import { scenarios } from './scenarios.ts';

// npm start: plays a scenario on the sandbox with the built functions. The exit code is 0 when every check holds.

const { values } = parseArgs({
  options: { scenario: { type: 'string', default: 'leak' }, list: { type: 'boolean', default: false } },
});
const { scenario: name } = values;

if (values.list) {
  for (const [each, { title }] of Object.entries(scenarios))
    process.stdout.write(`${each.padEnd(20)} ${title}\n`);
} else if (scenarios[name] === undefined) {
  process.stderr.write(`there is no scenario "${name}"; npm start -- --list lists them\n`);
  process.exitCode = 2;
} else {
  process.exitCode = (await playAll(name)) ? 0 : 1;
}

/** Plays a scenario and those that follow it. @returns whether every check held */
async function playAll(first: string): Promise<boolean> {
  const scenario = scenarios[first];
  if (scenario === undefined) return true;
  const isComplete = await runScenario(scenario);
  if (scenario.next === undefined) return isComplete;
  process.stdout.write('\n');
  return (await playAll(scenario.next)) && isComplete;
}
