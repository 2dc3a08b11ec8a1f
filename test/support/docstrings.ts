/** The `@example` blocks of docstrings, as modules that can be type-checked. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { sourceFiles } from './catalogue.ts';
import { freeNames, root } from './examples.ts';

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
  const source = readFileSync(path, 'utf8');
  const header: string[] = [];
  for (const { name, isCalled, isType } of freeNames(example.text)) {
    const specifier = names.get(name) ?? (name in own ? path : undefined);
    const isOwnType = new RegExp(`^export (type|interface) ${name}\\b`, 'm').test(source);
    if (isType && isOwnType) header.push(`import type { ${name} } from '${path}';`);
    else if (specifier !== undefined) header.push(`import { ${name} } from '${specifier}';`);
    else if (!isCalled && !isType && !isGlobal(name)) header.push(`declare const ${name}: any;`);
  }
  // One line, so that the example's first line is the module's second.
  return `${header.join(' ')} export {};\n${example.text}\n`;
}
