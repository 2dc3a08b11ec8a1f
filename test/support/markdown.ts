/**
 * The TypeScript programs in a Markdown page.
 *
 * A block marked `ts` that has an import line begins a program; one that has none continues the program
 * before it, as in a tutorial. Other marks after `ts`:
 * - `ts throws some-code`: the block ends its program, which raises this error;
 * - `ts no-run because of this or that`: the block is left out, and the reason is required.
 *
 * Pages in this project may import its files by paths relative to the page.
 */
import { dirname, join } from 'node:path';

/** One program: its blocks stand on the same lines as in the page. */
export interface PageProgram {
  /** The line of its first block's fence. */
  readonly line: number;
  readonly text: string;
  /** The code of the error that it raises, or null. */
  readonly throws: string | null;
}

/** What a page holds. */
export interface PageCode {
  readonly programs: readonly PageProgram[];
  /** Blocks that are not run, each with its reason. */
  readonly leftOut: readonly { readonly line: number; readonly reason: string }[];
}

interface Block {
  readonly line: number;
  readonly mark: string;
  readonly lines: readonly string[];
}

function blocksIn(page: string): Block[] {
  const blocks: Block[] = [];
  let open: { line: number; mark: string; fence: string; lines: string[] } | null = null;
  page.split(/\r?\n/).forEach((text, index) => {
    const [, fence = '', mark = ''] = /^\s*(`{3,})\s*(.*)$/.exec(text) ?? [];
    if (open === null) {
      if (fence !== '') open = { line: index + 1, mark: mark.trim(), fence, lines: [] };
    } else if (fence.length >= open.fence.length && mark === '') {
      blocks.push(open);
      open = null;
    } else {
      open.lines.push(text);
    }
  });
  return blocks;
}

/**
 * The programs of a page.
 *
 * @throws Error if a block continues nothing, or is left out without a reason.
 */
export function codeOf(page: string): PageCode {
  const programs: { line: number; lines: string[]; throws: string | null }[] = [];
  const leftOut: { line: number; reason: string }[] = [];
  for (const { line, mark, lines } of blocksIn(page)) {
    const [language, kind, ...rest] = mark.split(/\s+/);
    if (language !== 'ts') continue;
    const reason = rest.join(' ');
    if (kind === 'no-run') {
      if (reason.length < 10) throw new Error(`line ${line}: say why this block is not run`);
      leftOut.push({ line, reason });
      continue;
    }
    let program = programs.at(-1);
    if (program === undefined || lines.some((text) => /^import\b/.test(text))) {
      program = { line, lines: [], throws: null };
      programs.push(program);
    } else if (program.throws !== null) {
      throw new Error(
        `line ${line}: the program before this block has thrown; import what it uses`,
      );
    }
    while (program.lines.length < line) program.lines.push('');
    program.lines.push(...lines);
    if (kind === 'throws') program.throws = reason;
    else if (kind !== undefined) throw new Error(`line ${line}: '${kind}' is no mark of a block`);
  }
  return {
    programs: programs.map(({ line, lines, throws }) => ({ line, text: lines.join('\n'), throws })),
    leftOut,
  };
}

/** The program with its relative imports, which are seen from the page, made absolute. */
export const seenFrom = (page: string, text: string): string =>
  text.replace(
    /^(import\b[^'"]*)(['"])([.]{1,2}\/[^'"]+)\2/gm,
    (_, words: string, quote: string, path: string) =>
      `${words}${quote}${join(dirname(page), path)}${quote}`,
  );
