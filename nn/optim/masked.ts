/** Parts that apply to some of the parameters only, chosen by path. */
import { flatten } from '../../core/base/pytree.ts';
import { unknownLabel } from '../errors.ts';
import type { GradientTransformation } from './transformation.ts';

/** Which leaves are meant: a test of the '/'-joined path, or a tree of booleans like the parameters. */
export type LeafMask = ((path: string) => boolean) | object;

/** A label for every leaf: by its '/'-joined path, or as a tree of strings like the parameters. */
export type LeafLabels<Label extends string> = ((path: string) => Label) | object;

/** What stands for each leaf of `params` in `choice`, in tree order. */
function choose(choice: ((path: string) => unknown) | object, params: unknown): unknown[] {
  const { structure } = flatten(params);
  if (typeof choice !== 'function') return flatten(choice).leaves;
  // A function type among objects: the signature is that of the other branch.
  const ofPath = choice as (path: string) => unknown;
  return structure.paths().map((path) => ofPath(path));
}

/** The tree with null, a node without leaves, in place of each leaf that is not chosen. */
function keepOnly<P>(params: P, isChosen: (index: number) => boolean): P {
  const { leaves, structure } = flatten(params);
  return structure.unflatten(leaves.map((leaf, i) => (isChosen(i) ? leaf : null))) as P;
}

/** The tree with its chosen leaves taken, in order, from another. */
function replaceChosen<P>(params: P, chosen: P, isChosen: (index: number) => boolean): P {
  const { leaves, structure } = flatten(params);
  const replacements = flatten(chosen).leaves.values();
  const merged = leaves.map((leaf, i) =>
    isChosen(i) ? (replacements.next().value ?? leaf) : leaf,
  );
  return structure.unflatten(merged) as P; // Leaves stand where leaves stood.
}

/**
 * `inner` for the chosen parameters; the others' updates pass as they are and have no state.
 *
 * @example
 * const decay = nn.optim.masked(nn.optim.addDecayedWeights(1e-4), (path) => path.endsWith('kernel'));
 */
export const masked = <State>(
  inner: GradientTransformation<State>,
  mask: LeafMask,
): GradientTransformation<State> => {
  const chosenIn = (params: unknown): ((index: number) => boolean) => {
    const flags = choose(mask, params);
    return (index) => flags[index] === true;
  };
  return {
    init: (params) => inner.init(keepOnly(params, chosenIn(params))),
    update: (gradients, state, params) => {
      const isChosen = chosenIn(gradients);
      const [updates, next] = inner.update(
        keepOnly(gradients, isChosen),
        state,
        params === undefined ? undefined : keepOnly(params, isChosen),
      );
      return [replaceChosen(gradients, updates, isChosen), next];
    },
  };
};

/**
 * For every parameter the transformation that its label names. A part keeps state for its own parameters
 * only, so that `setToZero()` for frozen ones costs no memory.
 *
 * @throws `unknown-label` if a label names no transformation.
 * @example
 * const optimizer = nn.optim.multiTransform(
 *   { train: nn.optim.adamw(1e-4), frozen: nn.optim.setToZero() },
 *   (path) => (path.startsWith('energy_model/') ? 'train' : 'frozen'),
 * );
 */
export function multiTransform<States extends Readonly<Record<string, unknown>>>(
  parts: { readonly [Label in keyof States]: GradientTransformation<States[Label]> },
  labels: LeafLabels<keyof States & string>,
): GradientTransformation<States> {
  const names: (keyof States & string)[] = Object.keys(parts);
  const labelsOf = (params: unknown): unknown[] => {
    const found = choose(labels, params);
    const known: readonly unknown[] = names;
    const stray = found.findIndex((label) => !known.includes(label));
    if (stray !== -1) {
      throw unknownLabel(
        flatten(params).structure.paths()[stray] ?? '',
        String(found[stray]),
        names,
      );
    }
    return found;
  };
  // One state per label, under its name.
  const byLabel = (entries: (readonly [string, unknown])[]): States =>
    Object.fromEntries(entries) as States;
  return {
    init: (params) => {
      const found = labelsOf(params);
      return byLabel(
        names.map((name) => [name, parts[name].init(keepOnly(params, (i) => found[i] === name))]),
      );
    },
    update: (gradients, states, params) => {
      const found = labelsOf(gradients);
      let updates = gradients;
      const next = names.map((name) => {
        const isOurs = (index: number): boolean => found[index] === name;
        const [changed, state] = parts[name].update(
          keepOnly(gradients, isOurs),
          states[name],
          params === undefined ? undefined : keepOnly(params, isOurs),
        );
        updates = replaceChosen(updates, changed, isOurs);
        return [name, state] as const;
      });
      return [updates, byLabel(next)];
    },
  };
}
