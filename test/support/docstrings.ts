/** The `@example` blocks of docstrings, as modules that can be type-checked. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { sourceFiles } from './catalogue.ts';
import { freeNames, publicEntries, root } from './examples.ts';

/** An example and where it stands. */
export interface DocExample {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** Every `@example` of the library. */
export function docExamples(): DocExample[] {
  const found: DocExample[] = [];
  for (const file of [...sourceFiles(), 'index.ts']) {
    const source = ts.createSourceFile(
      file,
      readFileSync(join(root, file), 'utf8'),
      ts.ScriptTarget.ESNext,
      true,
    );
    const seen = new Set<number>();
    const visit = (node: ts.Node): void => {
      for (const tag of ts.getJSDocTags(node)) {
        if (tag.tagName.text !== 'example' || seen.has(tag.pos)) continue;
        seen.add(tag.pos);
        const { line } = source.getLineAndCharacterOfPosition(tag.pos);
        found.push({ file, line: line + 1, text: ts.getTextOfJSDocComment(tag.comment) ?? '' });
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return found;
}

const isGlobal = (name: string): boolean => name in globalThis;

/** The documented module, or else the public entry, that exports a type of this name. */
function fileOfType(name: string, own: string): string | undefined {
  const exported = new RegExp(`export (type |interface )?({[^}]*\\b)?${name}\\b`);
  const entries = [...publicEntries().values()].filter((file) => existsSync(file));
  return [own, ...entries].find((file) => exported.test(readFileSync(file, 'utf8')));
}

/**
 * The example as a module: what it uses is imported from the public API, or else from the module that
 * it documents. Other names stand for values that the reader has; functions may not be such names.
 */
export async function moduleOf(
  example: DocExample,
  names: ReadonlyMap<string, string>,
): Promise<string> {
  const path = join(root, example.file);
  const own: object = await import(pathToFileURL(path).href);
  const header: string[] = [];
  for (const { name, isCalled, isType } of freeNames(example.text)) {
    const specifier = names.get(name) ?? (name in own ? path : undefined);
    const typeFile = isType ? fileOfType(name, path) : undefined;
    if (typeFile !== undefined) header.push(`import type { ${name} } from '${typeFile}';`);
    else if (specifier !== undefined) header.push(`import { ${name} } from '${specifier}';`);
    else if (!isCalled && !isType && !isGlobal(name)) header.push(`declare const ${name}: any;`);
  }
  // One line, so that the example's first line is the module's second.
  return `${header.join(' ')} export {};\n${example.text}\n`;
}
