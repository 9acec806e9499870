import type { VersionListing } from '../../aws/list-versions.ts';
import { STORED_NOTES } from '../stored-note.ts';
import { startOf } from './days.ts';
import { Day } from './format.ts';

const RECORDS = 'records/date=';
const NOTES = `${STORED_NOTES}date=`;

/**
 * The first day on which anything was stored, for a bucket without a digest. A report can be much older than the bucket,
 * so the date in a record's path counts only when one of its records was stored about then; late ones have notes.
 *
 * @throws {ListError}
 */
export async function firstDay({
  deadline,
  versions,
}: {
  readonly versions: VersionListing;
  readonly deadline: number;
}): Promise<string | undefined> {
  const days = async (prefix: string) =>
    (await versions.folders(prefix, deadline)).flatMap(
      (folder) => Day.safeParse(folder.slice(prefix.length, -1)).data ?? [],
    );
  const [noted] = await days(NOTES);
  for (const day of await days(RECORDS)) {
    if (noted !== undefined && day >= noted) break;
    if (await isStoredAbout(day, versions, deadline)) return day;
  }
  return noted;
}

async function isStoredAbout(day: string, versions: VersionListing, deadline: number): Promise<boolean> {
  for await (const page of versions.pages({ prefix: `${RECORDS}${day}/` }, deadline)) {
    // The first thousand are enough.
    return page.some(({ storedAt }) => storedAt < startOf(day) + 2 * 86_400_000);
  }
  return false;
}
