/**
 * Where in the user's code something was written, found on the stack and shown as a code frame.
 *
 * A site keeps numbers and a file name. It must not keep the stack itself: a stack that nobody has
 * formatted holds the `this` of every method on it, so the site of `x.add(1)` in a cached program would
 * keep the memory of `x` for as long as the program.
 */

/** A place in the user's program, to be looked up when somebody asks. */
export interface CallSite {
  readonly find: () => SourceLine | null;
  /** Names of the scopes around it, outermost first: `encoder/attention`. */
  readonly scope?: string;
}

/** A line of the user's program. Lines and columns count from 1. */
export interface SourceLine {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What the host knows about files of source code. */
export interface SourceHost {
  /** The text of a file, or null where there is none to be had. */
  readonly read: (file: string) => string | null;
  /** The file's path as a reader wants to see it. */
  readonly showPath: (file: string) => string;
  /** The line that was compiled to this one, by its source map; the line itself if there is no map. */
  readonly original: (line: SourceLine) => SourceLine;
}

let host: SourceHost = { read: () => null, showPath: (file) => file, original: (line) => line };

/** Lets the host supply source text for code frames, short paths and source maps. */
export function setSourceHost(sources: SourceHost): void {
  host = sources;
}

const withoutQuery = (file: string): string => file.replace(/[?#].*$/, '');

const self = withoutQuery(import.meta.url);
// In a bundle that the user made, this library and the user's program are one file.
const isOnItsOwn = /\/core\/base\/call-site\.[jt]s$/.test(self);
const root = new URL('../../', self).href;
const ownFiles = isOnItsOwn
  ? [
      ...['core', 'transforms', 'nn', 'models', 'training', 'serving', 'bin'].map(
        (folder) => `${root}${folder}/`,
      ),
      `${root}index.`,
    ]
  : [self];

/** A file's URL. V8 gives URLs for ES modules and paths for everything else. */
function urlOf(file: string): string {
  if (/^[A-Za-z]:[\\/]/.test(file)) return urlOf(`/${file.replaceAll('\\', '/')}`);
  if (!file.startsWith('/')) return withoutQuery(file);
  return `file://${encodeURI(file).replace(/[?#]/g, encodeURIComponent)}`;
}

const known = new Map<string, boolean>();

/** True for files of the user's program: neither this library's, nor a package's, nor the host's. */
function isUsers(file: string): boolean {
  const seen = known.get(file);
  if (seen !== undefined) return seen;
  const url = urlOf(file);
  const answer =
    /^(?!node:)[\w-]+:/.test(url) &&
    !url.includes('/node_modules/') &&
    !ownFiles.some((start) => url.startsWith(start));
  known.set(file, answer);
  return answer;
}

const noSite: CallSite = { find: () => null };

// Every frame costs time, so only as many are asked for as were needed of late.
const fewest = 8;
const most = 512;
let reach = fewest;

let pinned: CallSite | null = null;

/** Runs `body` so that everything captured in it is said to be at `site`; null changes nothing. */
export function atSite<R>(site: CallSite | null, body: () => R): R {
  const saved = pinned;
  pinned = site ?? saved;
  try {
    return body();
  } finally {
    pinned = saved;
  }
}

/**
 * Runs `body` so that everything captured in it is said to be at the user's line that is innermost now. For
 * functions that bind many operations and call nothing of the user's: the stack is looked at only once.
 */
export const atCaller = <R>(body: () => R): R =>
  pinned === null ? atSite(captureSite(), body) : body();

let scope = '';

/** Runs `body` so that everything captured in it is said to be in this scope. */
export function inNamedScope<R>(name: string, body: () => R): R {
  const saved = scope;
  scope = scope === '' ? name : `${scope}/${name}`;
  try {
    return body();
  } finally {
    scope = saved;
  }
}

/** The innermost line of the user's program on the present stack. Costs a few microseconds. */
export function captureSite(): CallSite {
  if (pinned !== null) return pinned;
  const site = 'captureStackTrace' in Error ? siteOfFrames() : siteOfText();
  return scope === '' ? site : { find: site.find, scope };
}

type Frame = NodeJS.CallSite;

const keepFrames = (_error: Error, frames: Frame[]): Frame[] => frames;

/** The frames above `captureSite`, innermost first (V8 only). */
function framesUpTo(limit: number): readonly Frame[] {
  const { stackTraceLimit, prepareStackTrace } = Error;
  const holder: { stack?: unknown } = {};
  Error.stackTraceLimit = limit;
  Error.prepareStackTrace = keepFrames;
  Error.captureStackTrace(holder, captureSite);
  const frames = holder.stack; // Read before the formatter is put back: reading formats.
  Error.prepareStackTrace = prepareStackTrace;
  Error.stackTraceLimit = stackTraceLimit;
  return Array.isArray(frames) ? frames : [];
}

const isUsersFrame = (frame: Frame): boolean => {
  const file = frame.getFileName();
  return typeof file === 'string' && isUsers(file);
};

/** The innermost frame of the user's, or null if there is none. */
function userFrame(): Frame | null {
  for (let limit = reach; ; limit = Math.min(most, 2 * limit)) {
    const frames = framesUpTo(limit);
    const depth = frames.findIndex(isUsersFrame);
    if (depth !== -1) {
      // It grows at once, since looking twice costs most, and shrinks slowly.
      reach = Math.min(most, Math.max(fewest, depth + 2, reach - 1));
      return frames[depth] ?? null;
    }
    if (frames.length < limit || limit === most) return null;
  }
}

function siteOfFrames(): CallSite {
  const frame = userFrame();
  const file = frame?.getFileName();
  if (frame === null || typeof file !== 'string') return noSite;
  const line = { file, line: frame.getLineNumber() ?? 1, column: frame.getColumnNumber() ?? 1 };
  const format: unknown = Error.prepareStackTrace;
  return isForeign(format) ? siteFormattedBy(format, frame, line) : siteAt(line);
}

type Formatter = (error: Error, frames: readonly Frame[]) => unknown;

/** True for the formatters of tools that compile on the fly, such as Vitest: not Node's own. */
const isForeign = (format: unknown): format is Formatter =>
  typeof format === 'function' && format.name !== 'ErrorPrepareStackTrace';

// Both sites are made in functions of their own: closures of one function share what they keep alive.
const siteAt = (line: SourceLine): CallSite => ({ find: () => withUrl(host.original(line)) });

const siteFormattedBy = (format: Formatter, frame: Frame, line: SourceLine): CallSite => ({
  find: () => withUrl(parseFrame(String(format(new Error(), [frame]))) ?? line),
});

/** The site where stacks are text only: Firefox and Safari. */
function siteOfText(): CallSite {
  const { stack = '' } = new Error();
  return {
    find() {
      const lines = stack.split('\n').map(parseFrame);
      return lines.find((line) => line !== null && isUsers(line.file)) ?? null;
    },
  };
}

const withUrl = (line: SourceLine): SourceLine => ({ ...line, file: urlOf(line.file) });

const framePattern = /(?:^|[\s(@])((?:[a-z][\w+.-]+:\/\/|\/|[A-Za-z]:[\\/]).*?):(\d+):(\d+)\)?$/;

/** The place that one line of a stack names, whichever engine wrote it. */
function parseFrame(frame: string): SourceLine | null {
  const match = framePattern.exec(frame.trim());
  if (match === null) return null;
  const [, file = '', line, column] = match;
  return { file, line: Number(line), column: Number(column) };
}

/** The user's line, or null if there was none on the stack. */
export const locate = (site: CallSite): SourceLine | null => site.find();

const showLine = ({ file, line, column }: SourceLine): string =>
  `${host.showPath(file)}:${line}:${column}`;

/** `file:line:column` of the user's line, or an empty string. */
export function showSite(site: CallSite | null): string {
  const line = site === null ? null : locate(site);
  return line === null ? '' : showLine(line);
}

const maxWidth = 160;

/** Two lines of context on each side, the place marked by a caret; null for generated, endless lines. */
function codeFrame(source: string, { line, column }: SourceLine): string | null {
  const lines = source.split(/\r?\n/);
  const marked = lines[line - 1];
  if (marked === undefined || marked.length > maxWidth) return null;
  const last = Math.min(lines.length, line + 2);
  const width = String(last).length;
  const shown: string[] = [];
  for (let n = Math.max(1, line - 2); n <= last; n++) {
    const text = (lines[n - 1] ?? '').slice(0, maxWidth);
    shown.push(`  ${n === line ? '>' : ' '} ${String(n).padStart(width)} | ${text}`.trimEnd());
    if (n !== line) continue;
    // A tab before the place stays a tab, so that the caret stands below it in every editor.
    const indent = marked.slice(0, Math.max(0, column - 1)).replace(/[^\t]/g, ' ');
    shown.push(`    ${' '.repeat(width)} | ${indent}^`);
  }
  return shown.join('\n');
}

/** `at file:line:column` and a code frame, each ending in a newline; empty if the site is unknown. */
export function describeSite(site: CallSite): string {
  const line = locate(site);
  if (line === null) return '';
  const source = host.read(line.file);
  const frame = source === null ? null : codeFrame(source, line);
  const within = site.scope === undefined ? '' : ` in ${site.scope}`;
  return `  at ${showLine(line)}${within}\n${frame === null ? '' : `${frame}\n`}`;
}
