import { LeakReport } from '../../domain/report.ts';
import { log } from '../../platform/log.ts';
import { answer, malformed, parseUtf8Json } from '../answer.ts';
import { readDelivery } from '../github-webhook.ts';
import { isSigned } from '../signature.ts';
import type { Source } from '../source.ts';

/** GitHub's webhook, with the event `secret_scanning_alert`. */
export const github: Source = {
  isAuthentic: ({ body, headers }, secret) => isSigned(body, headers['x-hub-signature-256'], secret),

  async receive({ body, headers, now }, { config, deadline, fields, send }) {
    if (body.length === 0) return malformed(fields, 'the body is missing');
    const json = parseUtf8Json(body);
    if (json === undefined) {
      return malformed(fields, 'the body is not JSON; set the webhook to application/json');
    }
    const delivery = readDelivery(headers['x-github-event'], json.value, {
      secretTypes: config.GITHUB_SECRET_TYPES,
      dryRun: config.DRY_RUN,
      now,
    });
    switch (delivery.kind) {
      case 'ping':
        return answer(200, { message: 'pong' });
      case 'ignored':
        log('info', 'delivery ignored', { ...fields, reason: delivery.reason });
        return { statusCode: 204 };
      case 'malformed':
        return malformed(
          { ...fields, fields: delivery.fields },
          `wrong or missing in the body: ${delivery.fields.join(', ')}`,
        );
      case 'report':
        await send(LeakReport.parse(delivery.report), { deadline });
        log('info', 'delivery queued', { ...fields, report_id: delivery.report.report_id });
        return answer(202, { report_id: delivery.report.report_id });
      default:
        return delivery satisfies never;
    }
  },
};
