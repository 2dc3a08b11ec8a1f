/** A compiled copy of the library, and programs that run beside it in a process of their own. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { sourceFiles } from './catalogue.ts';
import { root } from './examples.ts';

const compilerOptions: ts.CompilerOptions = {
  module: ts.ModuleKind.ESNext,
  target: ts.ScriptTarget.ES2022,
  verbatimModuleSyntax: true,
  rewriteRelativeImportExtensions: true,
};

const write = (path: string, text: string): void => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
};

/** A new temporary folder. */
export const temporaryFolder = (): string =>
  realpathSync(mkdtempSync(join(tmpdir(), 'enerjax-installed-')));

/** Compiles core, transforms, nn and the entry file by file into `dist`, without source maps. */
export function compileLibrary(dist: string): void {
  const files = sourceFiles().filter((path) => /^(core|transforms|nn)\//.test(path));
  for (const path of [...files, 'index.ts']) {
    const source = readFileSync(join(root, path), 'utf8');
    const { outputText } = ts.transpileModule(source, { compilerOptions, fileName: path });
    write(join(dist, path.replace(/[.]ts$/, '.js')), outputText);
  }
}

/** Compiles a program with a source map: `folder/name.ts` becomes `folder/name.js` beside it. */
export function compileProgram(folder: string, name: string, source: string): void {
  const { outputText, sourceMapText } = ts.transpileModule(source, {
    compilerOptions: { ...compilerOptions, sourceMap: true },
    fileName: `${name}.ts`,
  });
  write(join(folder, `${name}.ts`), source);
  write(join(folder, `${name}.js`), outputText);
  write(join(folder, `${name}.js.map`), sourceMapText ?? '');
}

/** Runs a program with Node and returns what it printed. */
export function runProgram(folder: string, file: string, flags: readonly string[] = []): string {
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, file], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '', ENERJAX_DEVICE: 'js' },
  });
  return stdout + stderr;
}

export { write as writeText };

/** Removes a folder and what is in it. */
export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true });
