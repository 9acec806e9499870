import { writeFile } from 'node:fs/promises';
import { drawDashboard } from './draw-dashboard.ts';
import { drawNotification } from './draw-notification.ts';

/** The pictures of the documentation that are drawn from what they show. */
export const PICTURES = {
  'docs/dashboard.svg': () => drawDashboard(),
  'docs/notification.svg': drawNotification,
} as const;

if (import.meta.main) {
  for (const [path, draw] of Object.entries(PICTURES)) {
    await writeFile(new URL(`../../${path}`, import.meta.url), draw());
  }
}
