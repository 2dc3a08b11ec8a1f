/** Tables in plain text and in Markdown. */
import { showNumber } from './number.ts';

/** A row of a table: column name to text or number. */
export type TableRow = Readonly<Record<string, string | number>>;

/** The column names of all rows, in the order in which they first occur. */
export const columnsOf = (rows: readonly TableRow[]): readonly string[] => [
  ...new Set(rows.flatMap((row) => Object.keys(row))),
];

/** A cell as text; an absent one is empty. */
export const showCell = (cell: string | number | undefined): string =>
  typeof cell === 'number' ? showNumber(cell) : (cell ?? '');

/** Code points, not UTF-16 units; wide East Asian characters are counted once. */
const widthOf = (text: string): number => [...text].length;

/**
 * The rows with aligned columns under a header and a rule, without a trailing newline; empty for no
 * rows. Columns that hold only numbers are aligned right.
 *
 * @example
 * table([{ policy: 'flow', success: 0.62 }, { policy: 'flow + correction', success: 0.71 }]);
 */
export function table(rows: readonly TableRow[]): string {
  const columns = columnsOf(rows).map((name) => {
    const cells = rows.map((row) => row[name]);
    const texts = cells.map(showCell);
    const isNumeric = cells.every((cell) => cell === undefined || typeof cell === 'number');
    const width = Math.max(...[name, ...texts].map(widthOf));
    const pad = (text: string): string => {
      const space = ' '.repeat(width - widthOf(text));
      return isNumeric ? space + text : text + space;
    };
    return { name, texts, pad, width };
  });
  if (columns.length === 0) return '';
  const line = (cell: (column: (typeof columns)[number]) => string): string =>
    columns.map(cell).join('  ').trimEnd();
  return [
    line(({ name, pad }) => pad(name)),
    line(({ width }) => '─'.repeat(width)),
    ...rows.map((_, row) => line(({ texts, pad }) => pad(texts[row] ?? ''))),
  ].join('\n');
}

/** The rows as a table in Markdown, without a trailing newline; empty for no rows. */
export function markdownTable(rows: readonly TableRow[]): string {
  const names = columnsOf(rows);
  if (names.length === 0) return '';
  const isNumeric = (name: string): boolean =>
    rows.every((row) => row[name] === undefined || typeof row[name] === 'number');
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const escaped = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  return [
    line(names.map(escaped)),
    line(names.map((name) => (isNumeric(name) ? '---:' : '---'))),
    ...rows.map((row) => line(names.map((name) => escaped(showCell(row[name]))))),
  ].join('\n');
}
