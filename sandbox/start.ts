import { parseArgs } from 'node:util';
import { scenarios } from './scenarios.ts';
import { tell } from './story.ts';

// Runs a scenario on the sandbox with the built functions. Exit code 0 only when every step was seen.

const { values } = parseArgs({
  options: { scenario: { type: 'string', default: 'leak' }, list: { type: 'boolean', default: false } },
});
const scenario = scenarios[values.scenario];

if (values.list) {
  for (const [name, { title }] of Object.entries(scenarios))
    process.stdout.write(`${name.padEnd(20)} ${title}\n`);
} else if (scenario === undefined) {
  process.stderr.write(`unknown scenario "${values.scenario}": npm start -- --list shows them all\n`);
  process.exitCode = 2;
} else {
  process.exitCode = (await tell(scenario)) ? 0 : 1;
}
