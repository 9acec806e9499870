// The parameters that the stack is deployed with, in the template's metadata. The next deployment compares its own with
// them, see deploy/refuse-weaker-settings.cjs. A stage file names every parameter.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { parse } = require('yaml');

const parameters = Object.keys(parse(readFileSync(join(__dirname, '../stages/prod.yml'), 'utf8')));

module.exports = {
  Metadata: {
    Settings: Object.fromEntries(parameters.map((name) => [name, `\${param:${name}}`])),
  },
};
