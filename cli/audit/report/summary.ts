import type { Figures } from './figures.ts';
import { alertName } from './leaks.ts';
import type { PageOptions } from './page.ts';
import { headline } from './words.ts';

/** The figures of the page for programs. Times are in milliseconds. */
export function summary(figures: Figures, { check, madeAt, where }: PageOptions) {
  const {
    attribution,
    byRepository,
    byServiceUser,
    leaks,
    median,
    period,
    plans,
    slowest,
    states,
    useAfterLeak,
  } = figures;
  return {
    headline: headline(figures, check),
    period,
    made_at: new Date(madeAt).toISOString(),
    where,
    log: check,
    leaks: leaks.length,
    states,
    time_to_revoke: { median: median ?? null, slowest: slowest ?? null },
    needs: figures.needs.map(({ kind, next, report, why }) => ({
      kind,
      report_id: report.report_id,
      alert: report.alert === undefined ? null : alertName(report.alert),
      why,
      next,
    })),
    by_repository: byRepository,
    by_service_user: byServiceUser,
    use_after_leak: {
      used: useAfterLeak.used.length,
      unused: useAfterLeak.unused,
      unknown: useAfterLeak.unknown,
    },
    attribution,
    sweeps: { plans, reports: figures.swept.length },
    rehearsed: figures.rehearsed,
  };
}
