/** Source text and short paths for code frames, where the host is Node. Browsers show file and line only. */
import { setSourceReader } from '../base/call-site.ts';

interface NodeModules {
  readonly 'node:fs': { readFileSync(path: string, encoding: 'utf8'): string };
  readonly 'node:url': { fileURLToPath(url: string): string };
  readonly 'node:path': { relative(from: string, to: string): string };
}

interface NodeProcess {
  cwd(): string;
  getBuiltinModule?<M extends keyof NodeModules>(name: M): NodeModules[M];
}

/** Node's `process`, or null in a browser. */
function nodeProcess(): NodeProcess | null {
  const host: { process?: NodeProcess } = globalThis as object;
  return host.process?.getBuiltinModule === undefined ? null : host.process;
}

/** Lets errors quote the user's program. */
export function installSourceReader(): void {
  const node = nodeProcess();
  const fs = node?.getBuiltinModule?.('node:fs');
  const url = node?.getBuiltinModule?.('node:url');
  const path = node?.getBuiltinModule?.('node:path');
  if (node === null || fs === undefined || url === undefined || path === undefined) return;
  const toPath = (file: string): string =>
    file.startsWith('file:') ? url.fileURLToPath(file) : file;
  setSourceReader(
    (file) => {
      try {
        return fs.readFileSync(toPath(file), 'utf8');
      } catch {
        return null;
      }
    },
    (file) => {
      const short = path.relative(node.cwd(), toPath(file));
      return short.startsWith('..') ? toPath(file) : short;
    },
  );
}
