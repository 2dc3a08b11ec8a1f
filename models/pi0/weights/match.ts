/** Which tensor of a file is which slice of which parameter, from names, types and shapes alone. */
import { type PathFilter, pathRegex } from '../freeze.ts';
import { isWeightType, type WeightType } from './cast.ts';
import { weightsMismatch } from './errors.ts';
import type { LayoutLeaf, LayoutPiece, Pi0Layout } from './layout.ts';
import { unusedName } from './public-layout.ts';

/** An open file of tensors, of which nothing but the names, types and shapes has been read. */
export interface WeightsFile {
  /** What errors call it. */
  readonly name: string;
  /** Element types are those of the safetensors format: F32, BF16, F16, … */
  readonly entries: ReadonlyMap<
    string,
    { readonly dtype: string; readonly shape: readonly number[] }
  >;
  /** The bytes of a tensor, little-endian, in pieces of `size` bytes; the last may have fewer. */
  pieces(tensor: string, size: number): AsyncIterable<Uint8Array>;
}

/** A choice of paths or names: a function of them, or what they match from end to end. */
export type PathChoice = PathFilter | string | RegExp;

/** The choice as a function. */
export const chosenBy = (choice: PathChoice): PathFilter =>
  typeof choice === 'function' ? choice : pathRegex(choice);

/** A slice of a parameter and the tensor that has it. */
export interface FoundPiece {
  readonly piece: LayoutPiece;
  /** Its name in the file. */
  readonly name: string;
  readonly type: WeightType;
}

/** What a file has for each parameter. */
export interface Match {
  /** By path, whole ones only. */
  readonly found: ReadonlyMap<string, readonly FoundPiece[]>;
  /** Paths of which the file has nothing, and need not. */
  readonly absent: readonly string[];
}

/** Names in the file by what the layout calls them. */
interface Names {
  readonly byKey: ReadonlyMap<string, string>;
  readonly problems: readonly string[];
}

const isPublicName = (name: string): boolean => name.includes('paligemma_with_expert.');

/** The layout that a file's names are those of. */
export const detectLayout = (file: WeightsFile): Pi0Layout =>
  [...file.entries.keys()].some(isPublicName) ? 'public' : 'openpi';

/** Names without what stands before or after all of them: a prefix, `model.`, `/value`. */
function plainNames(
  file: WeightsFile,
  layout: Pi0Layout,
  prefix: string,
  isIgnored: PathFilter,
): Names {
  const own = [...file.entries.keys()].filter(
    (name) => name.startsWith(prefix) && !isIgnored(name),
  );
  const haveValue = layout === 'openpi' && own.every((name) => name.endsWith('/value'));
  const byKey = new Map<string, string>();
  const problems: string[] = [];
  for (const name of own) {
    const rest = name.slice(prefix.length);
    const key =
      layout === 'public'
        ? rest.replace(/^model\./, '')
        : rest.slice(0, haveValue ? -'/value'.length : undefined);
    const other = byKey.get(key);
    if (other !== undefined) problems.push(`twice    ${name}: the file has ${other} as well`);
    byKey.set(key, name);
  }
  return { byKey, problems };
}

const show = (dtype: string, shape: readonly number[]): string => `${dtype}[${shape.join(', ')}]`;

const isSame = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis]);

/** Says of a piece with another name what it is. */
const standsFor = (key: string, path: string): string => (key === path ? '' : ` (in ${path})`);

/**
 * What the file has for each parameter.
 *
 * @param options.prefix - Only names that begin so are looked at, without it.
 * @param options.isIgnored - Names in the file that are not read.
 * @param options.mayBeMissing - Paths of parameters of which the file may have nothing.
 * @throws `weights-mismatch` naming every tensor that is missing, that nobody asked for, or that has another
 * shape or a type that weights do not have.
 */
export function matchWeights(
  file: WeightsFile,
  leaves: readonly LayoutLeaf[],
  options: {
    readonly layout: Pi0Layout;
    readonly prefix: string;
    readonly isIgnored: PathFilter;
    readonly mayBeMissing: PathFilter;
  },
): Match {
  const { byKey, problems: doubles } = plainNames(
    file,
    options.layout,
    options.prefix,
    options.isIgnored,
  );
  const problems = [...doubles];
  const found = new Map<string, FoundPiece[]>();
  const absent: string[] = [];
  const known = new Set<string>(options.layout === 'public' ? [unusedName] : []);
  for (const { path, pieces } of leaves) {
    const here: FoundPiece[] = [];
    const missing: string[] = [];
    for (const piece of pieces) {
      const names = [piece.key, ...piece.also].flatMap((key) => {
        known.add(key);
        return byKey.get(key) ?? [];
      });
      const wanted = `expected float${show('', piece.shape)}`;
      const note = standsFor(piece.key, path);
      if (names.length === 0) missing.push(`missing  ${piece.key}${note}: ${wanted}`);
      for (const name of names) {
        const { dtype = '', shape = [] } = file.entries.get(name) ?? {};
        if (!isWeightType(dtype) || !isSame(shape, piece.shape)) {
          problems.push(`differs  ${name}${note}: ${wanted}, the file has ${show(dtype, shape)}`);
        } else if (name === names[0]) {
          here.push({ piece, name, type: dtype });
        }
      }
    }
    if (missing.length === pieces.length && options.mayBeMissing(path)) absent.push(path);
    else problems.push(...missing);
    if (here.length === pieces.length) found.set(path, here);
  }
  for (const [key, name] of byKey) {
    if (known.has(key)) continue;
    const { dtype = '', shape = [] } = file.entries.get(name) ?? {};
    problems.push(
      `extra    ${name}: the policy has no such parameter, the file has ${show(dtype, shape)}`,
    );
  }
  if (problems.length > 0) throw weightsMismatch(file.name, problems);
  return { found, absent };
}
