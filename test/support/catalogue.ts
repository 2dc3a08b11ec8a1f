/** The whole catalogue of errors: every errors file of the library, found and loaded. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { type ErrorEntry, errorCatalogue } from '../../core/base/errors.ts';
import { root } from './examples.ts';

const layers = ['core', 'transforms', 'nn', 'models', 'training', 'serving'];

/** The library's source files, relative to the project, sorted. */
export function sourceFiles(): string[] {
  const all = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && layers.includes(entry.name))
    .flatMap(({ name }) =>
      readdirSync(join(root, name), { recursive: true, encoding: 'utf8' }).map((path) =>
        join(name, path).replaceAll(sep, '/'),
      ),
    );
  return all.filter((path) => path.endsWith('.ts')).sort();
}

/** An entry and what its file says about it. */
export interface DocumentedEntry {
  readonly code: string;
  /** The doc comment: in which case the error is raised. */
  readonly meaning: string;
  /** The errors file, relative to the project. */
  readonly file: string;
  readonly line: number;
  readonly entry: ErrorEntry;
}

/** An errors file: one area of the catalogue. */
export interface Area {
  readonly file: string;
  /** What its header comment says it holds. */
  readonly title: string;
  readonly entries: readonly DocumentedEntry[];
}

const sentence = (text: string): string => {
  const words = text.replace(/\s+/g, ' ').trim();
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
};

/** The codes that are defined in a file, each with its doc comment and line. */
function definitionsIn(file: string, text: string) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true);
  const found: { code: string; meaning: string; line: number }[] = [];
  const visit = (node: ts.Node): void => {
    const isDefinition = ts.isCallExpression(node) && node.expression.getText() === 'defineError';
    const code = isDefinition ? /code: '([^']+)'/.exec(node.getText())?.[1] : undefined;
    if (code !== undefined) {
      const statement = ts.findAncestor(node, ts.isVariableStatement);
      const comment = statement === undefined ? [] : ts.getJSDocCommentsAndTags(statement);
      const doc = comment.find(ts.isJSDoc);
      const meaning = ts.getTextOfJSDocComment(doc?.comment) ?? '';
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      found.push({
        code,
        meaning: sentence(meaning.replace(/^`[\w-]+`:\s*/, '')),
        line: line + 1,
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const headerOf = (text: string): string =>
  /^\/\*\*\s*([^*]*(?:\*(?!\/)[^*]*)*)\*\//.exec(text)?.[1]?.split(/[.]\s/)[0]?.trim() ?? '';

/** The files that define errors; none but these may. */
export const isErrorsFile = (path: string): boolean => /(?:^|[/-])errors[.]ts$/.test(path);

/** Files outside the catalogue's naming rule that define errors nevertheless. */
export const strayDefinitions = (): string[] =>
  sourceFiles().filter(
    (path) =>
      !isErrorsFile(path) &&
      /^[^*\n]*\bdefineError\(\{/m.test(readFileSync(join(root, path), 'utf8')),
  );

/** Every area of the catalogue, sorted by folder, its entries by code. */
export async function loadCatalogue(): Promise<Area[]> {
  const areas: Area[] = [];
  for (const file of sourceFiles().filter(isErrorsFile)) {
    await import(pathToFileURL(join(root, file)).href);
    const text = readFileSync(join(root, file), 'utf8');
    const entries = definitionsIn(file, text).flatMap(({ code, meaning, line }) => {
      const entry = errorCatalogue().get(code);
      return entry === undefined ? [] : [{ code, meaning, line, file, entry }];
    });
    if (entries.length === 0) continue;
    const title = headerOf(text).replace(/[.]$/, '') || dirname(file);
    areas.push({ file, title, entries: entries.sort((a, b) => (a.code < b.code ? -1 : 1)) });
  }
  return areas;
}
