/** Source text, short paths and source maps for code frames, where the host is Node. */
import { type SourceLine, setSourceHost } from '../base/call-site.ts';

interface SourceMapEntry {
  readonly originalSource?: string;
  readonly originalLine?: number;
  readonly originalColumn?: number;
}

interface NodeModules {
  readonly 'node:fs': { readFileSync(path: string, encoding: 'utf8'): string };
  readonly 'node:module': {
    findSourceMap(
      file: string,
    ): { findEntry(line: number, column: number): SourceMapEntry } | undefined;
  };
  readonly 'node:path': { relative(from: string, to: string): string };
  readonly 'node:url': { fileURLToPath(url: string): string };
}

interface NodeProcess {
  cwd(): string;
  getBuiltinModule?<M extends keyof NodeModules>(name: M): NodeModules[M];
}

/** Lets errors quote the user's program. Browsers show file and line only. */
export function installSourceReader(): void {
  const { process }: { process?: NodeProcess } = globalThis as object;
  const fs = process?.getBuiltinModule?.('node:fs');
  const maps = process?.getBuiltinModule?.('node:module');
  const path = process?.getBuiltinModule?.('node:path');
  const url = process?.getBuiltinModule?.('node:url');
  if (!process || !fs || !maps || !path || !url) return;
  const toPath = (file: string): string =>
    file.startsWith('file:') ? url.fileURLToPath(file) : file;
  setSourceHost({
    read(file) {
      try {
        return fs.readFileSync(toPath(file), 'utf8');
      } catch {
        return null;
      }
    },
    showPath(file) {
      const full = toPath(file);
      const short = path.relative(process.cwd(), full);
      return short.startsWith('..') ? full : short;
    },
    // Node knows the maps of the files it loaded if it runs with --enable-source-maps, as tsx does.
    original(line) {
      const entry = maps.findSourceMap(line.file)?.findEntry(line.line - 1, line.column - 1);
      return (entry === undefined ? null : originalOf(entry)) ?? line;
    },
  });
}

/** The place that an entry of a source map stands for; its numbers count from 0. */
function originalOf({
  originalSource,
  originalLine,
  originalColumn,
}: SourceMapEntry): SourceLine | null {
  if (originalSource === undefined || originalLine === undefined) return null;
  return { file: originalSource, line: originalLine + 1, column: (originalColumn ?? 0) + 1 };
}
