/** Parameters: what a layer learns, described before any array exists. */
import { type Aval, makeAval, type Shape, showAval, sizeOf } from '../core/base/aval.ts';
import { bytesOf, type DType } from '../core/base/dtype.ts';
import { flatten, type Structure } from '../core/base/pytree.ts';
import { staged } from '../core/host/runtime.ts';
import { Value } from '../core/ir/value.ts';
import * as np from '../core/numpy/index.ts';
import * as random from '../core/random/index.ts';
import { arraySpec } from '../transforms/array-spec.ts';
import type { SpecsOf } from '../transforms/types.ts';
import { notAParam } from './errors.ts';
import type { Initializer } from './initializers.ts';

/** The description of one parameter; a leaf of specs. */
export class ParamSpec {
  readonly aval: Aval;
  readonly initializer: Initializer;

  constructor(aval: Aval, initializer: Initializer) {
    this.aval = aval;
    this.initializer = initializer;
  }

  /** Sizes of the axes, outermost first. */
  get shape(): Shape {
    return this.aval.shape;
  }

  /** The element type. */
  get dtype(): DType {
    return this.aval.dtype;
  }

  /** `f32[3, 2]`. */
  toString(): string {
    return showAval(this.aval);
  }
}

/**
 * The description of a parameter.
 *
 * @example
 * const linearSpec = (inputs: number, outputs: number) => ({
 *   kernel: nn.param([inputs, outputs], nn.lecunNormal()),
 *   bias: nn.param([outputs], nn.zeros),
 * });
 */
export const param = (
  shape: Shape,
  initializer: Initializer,
  { dtype = 'float32' }: { readonly dtype?: DType } = {},
): ParamSpec => new ParamSpec(makeAval(shape, dtype), initializer);

/** The tree of arrays that a spec describes; also of a function that returns a spec. */
export type ParamsOf<Spec> = Spec extends ParamSpec
  ? Value
  : Spec extends (...args: never[]) => infer Made
    ? ParamsOf<Made>
    : Spec extends object
      ? { readonly [Name in keyof Spec]: ParamsOf<Spec[Name]> }
      : Spec;

interface SpecLeaf {
  readonly path: string;
  readonly leaf: ParamSpec;
}

function leavesOf(spec: unknown): { readonly leaves: SpecLeaf[]; readonly structure: Structure } {
  const { leaves, structure } = flatten(spec);
  const paths = structure.paths();
  const named = leaves.map((leaf, i): SpecLeaf => {
    const path = paths[i] ?? '';
    if (!(leaf instanceof ParamSpec)) throw notAParam(path, describe(leaf));
    return { path, leaf };
  });
  return { leaves: named, structure };
}

const describe = (leaf: unknown): string =>
  leaf instanceof Value ? `the array ${showAval(leaf.aval)}` : `the ${typeof leaf} ${String(leaf)}`;

/** FNV-1a of the text's UTF-16 units: 32 bits that will never change for a given path. */
function stableHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

/** The random key of one parameter: depends on its path only, whatever else the model has. */
export const keyOfPath = (key: Value, path: string): Value => random.foldIn(key, stableHash(path));

/** Bytes of parameters that one program makes; what follows is left to the next. */
const bytesPerProgram = 256 * 2 ** 20;

/** The leaves in order, in groups of which each has about {@link bytesPerProgram}. */
function inGroups(leaves: readonly SpecLeaf[], dtype: DType | undefined): SpecLeaf[][] {
  const groups: SpecLeaf[][] = [];
  let room = 0;
  for (const each of leaves) {
    const bytes = sizeOf(each.leaf.shape) * bytesOf(dtype ?? each.leaf.dtype);
    if (groups.length === 0 || bytes > room) {
      groups.push([]);
      room = bytesPerProgram;
    }
    groups.at(-1)?.push(each);
    room -= bytes;
  }
  return groups;
}

/**
 * The first values of all parameters. Up to 256 MB are computed as one program, so that a device that keeps
 * large arrays elsewhere need not hold all of them at once.
 *
 * The random stream of a parameter follows from its path, so that adding a layer changes no other.
 *
 * @param key - From `random.key(seed)`.
 * @param options.dtype - Of all parameters: the values are rounded to it, without a copy before. Default: that of each.
 * @throws `not-a-param` if a leaf of the spec is no {@link ParamSpec}.
 * @example
 * const params = nn.initParams(nn.linearSpec(3, 2), random.key(0));
 */
export function initParams<Spec>(
  spec: Spec,
  key: Value,
  { dtype }: { readonly dtype?: DType } = {},
): ParamsOf<Spec> {
  const { leaves, structure } = leavesOf(spec);
  const make = ({ path, leaf }: SpecLeaf, root: Value): Value => {
    const value = leaf.initializer(keyOfPath(root, path), leaf.shape, leaf.dtype);
    return dtype === undefined || dtype === value.dtype ? value : np.astype(value, dtype);
  };
  const values = inGroups(leaves, dtype).flatMap((group) =>
    staged('nn.initParams', [key], ([root = key]) => group.map((each) => make(each, root))),
  );
  return structure.unflatten(values) as ParamsOf<Spec>; // Each leaf was replaced by its array.
}

/** How many numbers the spec, or a tree of arrays, has. */
export function countParams(specOrParams: unknown): number {
  return flatten(specOrParams).leaves.reduce<number>((sum, leaf) => {
    if (leaf instanceof ParamSpec || leaf instanceof Value) return sum + sizeOf(leaf.shape);
    throw notAParam('', describe(leaf));
  }, 0);
}

/** Shape and element type by path, such as `encoder/0/kernel`: what a checkpoint must hold. */
export function shapesOf(
  specOrParams: unknown,
): Record<string, { readonly shape: Shape; readonly dtype: DType }> {
  const { leaves, structure } = flatten(specOrParams);
  const paths = structure.paths();
  return Object.fromEntries(
    leaves.map((leaf, i) => {
      const path = paths[i] ?? '';
      if (!(leaf instanceof ParamSpec || leaf instanceof Value)) {
        throw notAParam(path, describe(leaf));
      }
      return [path, { shape: leaf.shape, dtype: leaf.dtype }] as const;
    }),
  );
}

/**
 * The spec as descriptions of arrays, which `jit(f).lower`, `makeProgram` and `evalShape` take in place of
 * parameters: looking at a program needs no memory for them.
 *
 * @param options.dtype - Of all parameters. Default: that of each.
 * @example
 * const program = makeProgram(nn.linear)(nn.describeParams(nn.linearSpec(3, 2)), arraySpec([5, 3]));
 */
export function describeParams<Spec>(
  spec: Spec,
  { dtype }: { readonly dtype?: DType } = {},
): SpecsOf<ParamsOf<Spec>> {
  const { leaves, structure } = leavesOf(spec);
  const described = leaves.map(({ leaf }) => arraySpec(leaf.shape, dtype ?? leaf.dtype));
  return structure.unflatten(described) as SpecsOf<ParamsOf<Spec>>; // Each leaf was described.
}

/** The path of every parameter, such as `encoder/0/kernel`, in tree order. */
export const pathsOf = (specOrParams: unknown): string[] => flatten(specOrParams).structure.paths();
