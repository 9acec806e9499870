/** The report is not one that can be read. Its message quotes nothing of it. */
export class ReportError extends Error {
  override readonly name = 'ReportError';
}

/** The JSON values of a report, and how many of its lines are none. */
export interface Values {
  readonly values: readonly unknown[];
  readonly broken: number;
}

/** A longer report does not fit in one string of Node beside what is made of it. */
export const MOST_BYTES = 128 * 1024 * 1024;

/**
 * Reads JSON, or JSON lines. Bytes that are not UTF-8 are replaced rather than refused: a file name must not hide a leak.
 *
 * @throws {ReportError}
 */
export function readValues(bytes: Uint8Array): Values {
  if (bytes.length > MOST_BYTES) {
    throw new ReportError(`the report has over ${MOST_BYTES / 1024 / 1024} MiB; scan in parts`);
  }
  const text = decoded(bytes);
  if (text.trim() === '') return { values: [], broken: 0 };
  const whole = parsed(text);
  if (whole !== undefined) return { values: [whole.value], broken: 0 };
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const values = lines.map(parsed);
  const read = values.filter((one) => one !== undefined).map(({ value }) => value);
  if (read.length === 0) throw new ReportError('the report is neither JSON nor JSON lines');
  return { values: read, broken: lines.length - read.length };
}

/** A redirection of PowerShell writes UTF-16 with a byte order mark. */
function decoded(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const encoding = first === 0xff && second === 0xfe ? 'utf-16le' : 'utf-8';
  return new TextDecoder(encoding).decode(bytes);
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    // The parser's message quotes the report.
    return undefined;
  }
}
