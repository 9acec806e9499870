import { stringify } from 'yaml';
import type { Parameter } from './setting.ts';
import { settingGroups } from './settings.ts';

/**
 * The text of a file in deploy/stages/: every parameter of the table with its value for one stage. What the stage does not
 * name yet gets its default, and what the table does not know any more is left out.
 */
export function stageFile(stage: string, values: Readonly<Record<string, unknown>>): string {
  const groups = settingGroups.map(({ title, settings }) => {
    const lines = settings.map((setting) =>
      stringify({ [setting.parameter]: values[setting.parameter] ?? typed(setting) }, { lineWidth: 0 }),
    );
    return `# ${title}\n${lines.join('')}`;
  });
  return `${introduction(stage)}\n${groups.join('\n')}`;
}

const introduction = (
  stage: string,
) => `# Every parameter of the stage ${stage}; docs/configuration.md explains them. Deploy with
#   npx osls deploy --stage ${stage} --region <region>
# Edit the values here, and commit them: a deployment sets every parameter, so what stands here is what is deployed.
`;

/**
 * A default of the table is a text; flags and whole numbers are written as such. Anything else stays a text: CloudFormation
 * has no fractions in its metadata, and no booleans among the values of a parameter.
 */
function typed({ default: standard, type }: Parameter): unknown {
  if (type.kind === 'flag') return standard === 'true';
  return type.kind === 'whole' && standard !== '' ? Number(standard) : standard;
}
