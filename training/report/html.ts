/** Pieces of an HTML page that needs nothing but itself. */
import { columnsOf, showCell, type TableRow } from '../metrics/table.ts';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text that shows as it is, in an element or an attribute. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => entities[character] ?? character);

/** The rows as an HTML table; numbers are aligned right. Empty for no rows. */
export function htmlTable(rows: readonly TableRow[]): string {
  const columns = columnsOf(rows);
  if (columns.length === 0) return '';
  const numeric = new Set(
    columns.filter((name) =>
      rows.every((row) => row[name] === undefined || typeof row[name] === 'number'),
    ),
  );
  const cell = (tag: string, name: string, text: string): string =>
    `<${tag}${numeric.has(name) ? ' class="number"' : ''}>${escapeHtml(text)}</${tag}>`;
  const head = columns.map((name) => cell('th', name, name)).join('');
  const body = rows.map(
    (row) => `<tr>${columns.map((name) => cell('td', name, showCell(row[name]))).join('')}</tr>`,
  );
  const table = `<thead><tr>${head}</tr></thead><tbody>${body.join('\n')}</tbody>`;
  return `<div class="scroll"><table>${table}</table></div>`;
}

const style = `
:root {
  color-scheme: light dark;
  --page: #f5f6f8; --card: #ffffff; --text: #1c2430; --soft: #5b6675; --rule: #dfe3e8;
  --series-1: #1f66d1; --series-2: #d9480f; --series-3: #2b8a3e;
  --series-4: #7048e8; --series-5: #c2255c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161c; --card: #1b212a; --text: #e6eaf0; --soft: #9aa6b5; --rule: #333c48;
    --series-1: #6ea8fe; --series-2: #ff9552; --series-3: #69c97c;
    --series-4: #b197fc; --series-5: #f783ac;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; padding: 2rem 1rem 3rem; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 1120px; margin: 0 auto; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.1rem; line-height: 1.3; margin: 0 0 .35rem; }
p { margin: 0 0 .75rem; color: var(--soft); font-size: .925rem; }
header p { font-size: 1rem; margin-bottom: 1.25rem; }
.cards {
  display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr));
}
.card {
  background: var(--card); border: 1px solid var(--rule); border-radius: 12px;
  padding: 1.1rem 1.25rem; min-width: 0;
}
.summary { margin-bottom: 1rem; }
.scroll { overflow-x: auto; }
table {
  border-collapse: collapse; min-width: min(100%, 40rem);
  font-size: .925rem; font-variant-numeric: tabular-nums;
}
th, td { text-align: left; padding: .4rem 1.2rem .4rem 0; border-bottom: 1px solid var(--rule); }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
tbody tr:last-child td { border-bottom: 0; }
.number { text-align: right; }
th:last-child, td:last-child { padding-right: 0; }
figure { margin: 0; }
figure > svg { display: block; width: 100%; height: auto; max-width: 620px; margin: 0 auto; }
figcaption {
  display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; margin-bottom: .4rem;
  font-size: .875rem; color: var(--soft);
}
.key { display: inline-flex; align-items: center; gap: .45rem; }
.key svg { flex: none; }
.ramp { display: inline-block; width: 7rem; height: .75rem; border-radius: 3px; }
.empty { padding: 2.5rem 0; text-align: center; }
@media (max-width: 560px) {
  body { padding: 1.25rem .6rem 2rem; }
  .card { padding: .9rem .8rem; border-radius: 10px; }
  h1 { font-size: 1.4rem; }
  th { white-space: normal; vertical-align: bottom; }
  th, td { padding-right: .7rem; }
}
@media print { body { background: none; padding: 0; } .card { break-inside: avoid; } }
`;

/** A whole page with this title and the content of its `<main>`. */
export const htmlPage = (title: string, main: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
${main}
</main>
</body>
</html>
`;
