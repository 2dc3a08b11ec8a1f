/**
 * Runs pieces of documentation as the programs that they are.
 *
 * Each becomes a file in a temporary folder, outside the tree, where `enerjax` is an installed package:
 * it imports the public entries by their published names, and errors in it point at its own lines.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';

/** The folder of the project, with a slash at the end. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** The device that examples run on unless the environment names another: it needs no hardware. */
process.env.ENERJAX_DEVICE ??= 'js';

interface PackageJson {
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
}

/** The source file of every entry of the package, by the name that programs import it with. */
export function publicEntries(): ReadonlyMap<string, string> {
  const { exports }: PackageJson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const entries = new Map<string, string>();
  for (const [path, target] of Object.entries(exports)) {
    if (typeof target === 'string') continue;
    const source = target.default.replace(/^[.]\/dist\//, '').replace(/[.]js$/, '.ts');
    entries.set(path === '.' ? 'enerjax' : `enerjax/${path.slice(2)}`, join(root, source));
  }
  return entries;
}

/** The values that the entries export, each with the name of the first entry that has it. */
export async function publicNames(): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  for (const [specifier, file] of publicEntries()) {
    if (!existsSync(file)) continue;
    const api: object = await import(pathToFileURL(file).href);
    for (const name of Object.keys(api)) if (!names.has(name)) names.set(name, specifier);
  }
  return names;
}

const parse = (text: string): ts.SourceFile =>
  ts.createSourceFile('example.ts', text, ts.ScriptTarget.ESNext, true);

/** The program with every statement on lines of its own. */
export function layOut(body: string): string {
  const lines = parse(body).statements.map((statement) => statement.getFullText().trim());
  return lines.map((line) => (/[;}]$/.test(line) ? line : `${line};`)).join('\n');
}

/** The first and last line of the program's last statement, counted from 1. */
export function lastStatement(text: string): { readonly first: number; readonly last: number } {
  const source = parse(text);
  const statement = source.statements.at(-1);
  if (statement === undefined) return { first: 1, last: 1 };
  const lineAt = (position: number): number =>
    source.getLineAndCharacterOfPosition(position).line + 1;
  return { first: lineAt(statement.getStart()), last: lineAt(statement.end) };
}

/** A name that a program uses without declaring it. */
export interface FreeName {
  readonly name: string;
  /** It is called, or made an instance of. */
  readonly isCalled: boolean;
  /** It stands for a type. */
  readonly isType: boolean;
}

/** The identifier stands for a variable or a type: it follows no dot and names no property. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  return !(
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    (ts.isQualifiedName(parent) && parent.right === node) ||
    (ts.isPropertyAssignment(parent) && parent.name === node) ||
    (ts.isPropertySignature(parent) && parent.name === node) ||
    ((ts.isBindingElement(parent) || ts.isImportSpecifier(parent)) && parent.propertyName === node)
  );
}

/** The identifier is where its name is declared. */
const isDeclaration = (node: ts.Identifier): boolean => {
  const { parent } = node;
  const isNamed =
    ts.isVariableDeclaration(parent) ||
    ts.isFunctionDeclaration(parent) ||
    ts.isFunctionExpression(parent) ||
    ts.isClassLike(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isMethodDeclaration(parent) ||
    ts.isTypeAliasDeclaration(parent) ||
    ts.isInterfaceDeclaration(parent) ||
    ts.isTypeParameterDeclaration(parent) ||
    ts.isParameter(parent) ||
    ts.isBindingElement(parent) ||
    ts.isImportSpecifier(parent) ||
    ts.isImportClause(parent) ||
    ts.isNamespaceImport(parent);
  return isNamed && parent.name === node;
};

const isScope = (node: ts.Node): boolean =>
  ts.isSourceFile(node) ||
  ts.isBlock(node) ||
  ts.isFunctionLike(node) ||
  ts.isForStatement(node) ||
  ts.isForOfStatement(node) ||
  ts.isForInStatement(node) ||
  ts.isCatchClause(node) ||
  ts.isTypeAliasDeclaration(node);

/** The part of the program in which the name that `node` declares is known. */
function scopeOf(node: ts.Identifier): ts.Node {
  const isFunction =
    ts.isFunctionDeclaration(node.parent) || ts.isTypeAliasDeclaration(node.parent);
  // A function's parameters are known in it, but its own name is known around it.
  return ts.findAncestor(isFunction ? node.parent.parent : node.parent, isScope) ?? node;
}

/** The names that a program uses and does not declare, in order of appearance. */
export function freeNames(text: string): FreeName[] {
  const declared = new Map<ts.Node, Set<string>>();
  const used: ts.Identifier[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && isDeclaration(node)) {
      const scope = scopeOf(node);
      declared.set(scope, (declared.get(scope) ?? new Set()).add(node.text));
    } else if (ts.isIdentifier(node) && isReference(node)) {
      used.push(node);
    }
    ts.forEachChild(node, visit);
  };
  visit(parse(text));
  const free = new Map<string, FreeName>();
  for (const node of used) {
    const { text: name, parent } = node;
    if (ts.findAncestor(node, (scope) => declared.get(scope)?.has(name) === true)) continue;
    const isCalled =
      (ts.isCallExpression(parent) || ts.isNewExpression(parent)) && parent.expression === node;
    const seen = free.get(name)?.isCalled === true;
    free.set(name, { name, isCalled: isCalled || seen, isType: ts.isTypeReferenceNode(parent) });
  }
  return [...free.values()];
}

/** The program under a line that imports what it uses of the public API. */
export function withImports(body: string, names: ReadonlyMap<string, string>): string {
  const imports = new Map<string, string[]>();
  for (const { name } of freeNames(body)) {
    const specifier = names.get(name);
    if (specifier !== undefined) imports.set(specifier, [...(imports.get(specifier) ?? []), name]);
  }
  const lines = [...imports].map(
    ([specifier, used]) => `import { ${used.sort().join(', ')} } from '${specifier}';`,
  );
  return lines.length === 0 ? body : `${lines.join('\n')}\n\n${body}`;
}

/** A temporary folder in which programs run as they would beside an installed enerjax. */
export interface Workshop {
  readonly folder: string;
  /** The file that a program of this name runs from. */
  fileOf(name: string): string;
  /** Runs a TypeScript module; what it throws, or null. A name can be used once. */
  run(name: string, text: string): Promise<unknown>;
  remove(): void;
}

interface Devices {
  defaultDevice(): unknown;
  setDefaultDevice(device: unknown): Promise<unknown>;
}

/** A new workshop. Remove it when done. */
export async function makeWorkshop(): Promise<Workshop> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'enerjax-examples-')));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  write('package.json', '{ "type": "module" }');
  const exports: Record<string, string> = {};
  for (const [specifier, file] of publicEntries()) {
    const path = specifier.replace('enerjax', '.');
    exports[path] = `./${path}/index.js`;
    write(
      `node_modules/enerjax/${path}/index.js`,
      `export * from ${JSON.stringify(pathToFileURL(file).href)};`,
    );
  }
  write(
    'node_modules/enerjax/package.json',
    JSON.stringify({ name: 'enerjax', type: 'module', exports }).replaceAll('././', './'),
  );
  const devices: Devices = await import(new URL('../../index.ts', import.meta.url).href);
  const device = devices.defaultDevice();
  const fileOf = (name: string): string => join(folder, `${name}.ts`);
  return {
    folder,
    fileOf,
    async run(name, text) {
      write(`${name}.ts`, text);
      try {
        await import(pathToFileURL(fileOf(name)).href);
        return null;
      } catch (error) {
        return error ?? new Error('a program threw nothing');
      } finally {
        await devices.setDefaultDevice(device);
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
