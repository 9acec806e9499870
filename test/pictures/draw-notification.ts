import { chatContent } from '../../lib/notice/chat-content.ts';
import { describeOutcome } from '../../lib/notice/describe-outcome.ts';
import type { Ended } from '../../lib/notice/ended.ts';
import { mailText } from '../../lib/notice/mail-text.ts';
import { places, samples } from '../notice/samples.ts';
import { GREY, rect, svg, text } from './svg.ts';

const WIDTH = 1_000;
/** Characters of a line in a chat, and in a mail. */
const CHAT_LINE = 140;
const MAIL_LINE = 126;

/** The notification of a leak that was used before it was revoked, as a chat shows it and as a mail. */
export function drawNotification(): string {
  const given = samples['revoked, and used after the leak'] as Ended;
  const notice = describeOutcome(given, places);
  const { description, nextSteps = [] } = chatContent(notice);
  const chat = [
    ...description.split('\n').flatMap((one) => wrap(one, CHAT_LINE)),
    '',
    '*Next steps*',
    ...nextSteps.flatMap((one) => wrap(`• ${one}`, CHAT_LINE)),
  ];
  const mail = mailText(notice)
    .split('\n')
    .flatMap((one) => wrap(one, MAIL_LINE));
  const mailTop = 86 + chat.length * 19;
  const height = mailTop + 42 + mail.length * 16;
  return svg(WIDTH, height, 'A notification, in a chat and as a mail', [
    rect(0, 0, WIDTH, height, '#ffffff'),
    rect(14, 14, WIDTH - 28, mailTop - 40, '#f8f8f8', '#d5dbdb'),
    rect(14, 14, 5, mailTop - 40, '#d13212'),
    text(34, 42, `Amazon Q   ${notice.subject}`, { size: 15, bold: true }),
    ...chat.flatMap((one, index) => drawChatLine(one, 66 + index * 19)),
    text(14, mailTop, `Subject: ${notice.subject}`, { size: 12, bold: true }),
    rect(14, mailTop + 8, WIDTH - 28, mail.length * 16 + 14, '#fbfbfb', '#d5dbdb'),
    ...mail.map((one, index) => text(24, mailTop + 30 + index * 16, one, { size: 12, mono: true })),
  ]);
}

/** One line, with what is between asterisks bold and what is between backticks as code. */
function drawChatLine(shown: string, y: number): string[] {
  let x = 34;
  return shown.split(/(\*[^*]+\*|`[^`]+`|https:\S+)/).flatMap((part) => {
    if (part === '') return [];
    const at = x;
    const plain = part.replace(/^[*`]|[*`]$/g, '');
    if (part.startsWith('`')) {
      x += plain.length * 7.3 + 10;
      return [
        rect(at, y - 12, plain.length * 7.3 + 6, 16, '#f0f0f0', '#dddddd'),
        text(at + 3, y, plain, { size: 12, mono: true, fill: '#c0341d' }),
      ];
    }
    const bold = part.startsWith('*');
    x += plain.length * (bold ? 7.4 : 6.1);
    return [text(at, y, plain, { size: 13, bold, fill: part.startsWith('https:') ? '#0073bb' : GREY })];
  });
}

function wrap(given: string, width: number): string[] {
  const lines: string[] = [''];
  for (const word of given.split(/(?<= )/)) {
    if ((lines.at(-1) ?? '').length + word.length > width) lines.push('    ');
    lines[lines.length - 1] += word;
  }
  return lines;
}
