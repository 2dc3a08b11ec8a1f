/** Where in the user's code something was written, found on the stack and shown as a code frame. */

/** A captured stack. Formatting it is put off until someone asks for it. */
export interface CallSite {
  readonly stack: () => string;
}

/** A line of the user's program. Lines and columns count from 1. */
export interface SourceLine {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Returns the text of a source file, or null where there is none to be had. */
export type SourceReader = (file: string) => string | null;

let readSource: SourceReader = () => null;
let showPath: (file: string) => string = (file) => file;

/** Lets the host supply source text (for code frames) and short paths. */
export function setSourceReader(reader: SourceReader, path: (file: string) => string): void {
  readSource = reader;
  showPath = path;
}

const root = new URL('../../', import.meta.url).href;
const ownFolders = [
  'core',
  'transforms',
  'nn',
  'models',
  'training',
  'serving',
  'index',
  'bin',
].map((name) => `${root}${name}`);
const stackDepth = 40;

/** The present stack, to be located later. Costs a few microseconds. */
export function captureSite(): CallSite {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = stackDepth;
  const holder = new Error();
  Error.stackTraceLimit = limit;
  return { stack: () => holder.stack ?? '' };
}

const framePattern = /(?:at |@)(?:.*?\()?((?:file:|https?:|\/|[A-Za-z]:\\)[^()]*?):(\d+):(\d+)\)?$/;

function parseFrame(frame: string): SourceLine | null {
  const match = framePattern.exec(frame.trim());
  if (match === null) return null;
  const [, path = '', line = '0', column = '0'] = match;
  const file = path.startsWith('/') ? `file://${path}` : path;
  return { file, line: Number(line), column: Number(column) };
}

const isOwn = (file: string): boolean =>
  ownFolders.some((folder) => file.startsWith(`${folder}/`) || file.startsWith(`${folder}.`));
const isHost = (file: string): boolean =>
  file.startsWith('node:') || file.includes('/node_modules/');

/** The innermost line outside this library, or null. */
export function locate(site: CallSite): SourceLine | null {
  for (const frame of site.stack().split('\n').slice(1)) {
    const line = parseFrame(frame);
    if (line !== null && !isOwn(line.file) && !isHost(line.file)) return line;
  }
  return null;
}

/** `file:line:column` of the user's line, or an empty string. */
export function showSite(site: CallSite | null): string {
  const line = site === null ? null : locate(site);
  return line === null ? '' : `${showPath(line.file)}:${line.line}:${line.column}`;
}

/** Two lines of context on each side, the place marked by a caret. */
function codeFrame(source: string, { line, column }: SourceLine): string {
  const lines = source.split('\n');
  const first = Math.max(1, line - 2);
  const last = Math.min(lines.length, line + 2);
  const width = String(last).length;
  const shown: string[] = [];
  for (let n = first; n <= last; n++) {
    const mark = n === line ? '>' : ' ';
    shown.push(`  ${mark} ${String(n).padStart(width)} | ${lines[n - 1] ?? ''}`);
    if (n === line)
      shown.push(`    ${' '.repeat(width)} | ${' '.repeat(Math.max(0, column - 1))}^`);
  }
  return shown.join('\n');
}

/** `at file:line:column` and a code frame, each ending in a newline; empty if the site is unknown. */
export function describeSite(site: CallSite): string {
  const line = locate(site);
  if (line === null) return '';
  const source = readSource(line.file);
  const frame = source === null ? '' : `${codeFrame(source, line)}\n`;
  return `  at ${showPath(line.file)}:${line.line}:${line.column}\n${frame}`;
}
