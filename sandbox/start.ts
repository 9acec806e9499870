import { parseArgs } from 'node:util';
import { runScenario } from './run-scenario.ts';
import { scenarios } from './scenarios.ts';

// npm start: plays a scenario on the sandbox with the built functions. The exit code is 0 when every check holds.

const { values } = parseArgs({
  options: { scenario: { type: 'string', default: 'leak' }, list: { type: 'boolean', default: false } },
});
const scenario = scenarios[values.scenario];

if (values.list) {
  for (const [name, { title }] of Object.entries(scenarios))
    process.stdout.write(`${name.padEnd(20)} ${title}\n`);
} else if (scenario === undefined) {
  process.stderr.write(`there is no scenario "${values.scenario}"; npm start -- --list lists them\n`);
  process.exitCode = 2;
} else {
  process.exitCode = (await runScenario(scenario)) ? 0 : 1;
}
