/** Which parameters stay as they are, by path. */

import { sizeOf } from '../../core/base/aval.ts';
import { flatten } from '../../core/base/pytree.ts';
import { Value } from '../../core/ir/value.ts';
import { ParamSpec } from '../../nn/params.ts';
import { cast } from '../compute-dtype.ts';
import { expertsOf, type Pi0Config } from './config.ts';

/** A choice of parameters by their '/'-joined paths, such as `PaliGemma/llm/final_norm/scale`. */
export type PathFilter = (path: string) => boolean;

/** Paths that the pattern matches from end to end. */
export function pathRegex(pattern: string | RegExp): PathFilter {
  const { source, flags } = typeof pattern === 'string' ? new RegExp(pattern) : pattern;
  const whole = new RegExp(`^(?:${source})$`, flags.replace(/[gy]/g, ''));
  return (path) => whole.test(path);
}

/** No path. */
export const nothing: PathFilter = () => false;

/** Every path. */
export const everything: PathFilter = () => true;

/** Paths that all of the filters choose. */
export const allOf =
  (...filters: readonly PathFilter[]): PathFilter =>
  (path) =>
    filters.every((filter) => filter(path));

/** Paths that one of the filters chooses. */
export const anyOf =
  (...filters: readonly PathFilter[]): PathFilter =>
  (path) =>
    filters.some((filter) => filter(path));

/** Paths that the filter does not choose. */
export const not =
  (filter: PathFilter): PathFilter =>
  (path) =>
    !filter(path);

const language = pathRegex('.*llm.*');
const actionExpert = pathRegex('.*llm.*_1.*');
const lowRank = pathRegex('.*lora.*');
const energyModel = pathRegex('(?:.*/)?energy_model/.*');

/**
 * The parameters that training leaves alone: with low-rank additions, the matrices (and norms, and the table of
 * tokens) of the experts that have them; with `trainOnlyEnergyModel`, everything outside the energy model.
 *
 * @see https://github.com/Physical-Intelligence/openpi, `models/pi0_config.py`.
 */
export function freezeFilter(config: Pi0Config): PathFilter {
  if (config.trainOnlyEnergyModel) return not(energyModel);
  const [reads, acts] = expertsOf(config).map(({ lora }) => lora !== undefined);
  if (reads === true && acts === true) return allOf(language, not(lowRank));
  if (reads === true) return allOf(language, not(actionExpert), not(lowRank));
  if (acts === true) return allOf(actionExpert, not(lowRank));
  return nothing;
}

/** A tree in two: together they have all leaves, and each has null in place of the other's. */
export interface Partition<Params> {
  readonly trainable: Params;
  readonly frozen: Params;
}

/**
 * The parameters in two trees. A gradient with respect to `trainable` has no leaf for the frozen ones, and
 * neither has an optimizer's state.
 *
 * @example
 * const { trainable, frozen } = partitionParams(params, freezeFilter(config));
 * const slope = grad((p: Pi0Params) => computeLoss(mergeParams(p, frozen), config, key, observation, actions).loss)(trainable);
 */
export function partitionParams<Params>(params: Params, isFrozen: PathFilter): Partition<Params> {
  const { leaves, structure } = flatten(params);
  const flags = structure.paths().map(isFrozen);
  const only = (wanted: boolean): Params =>
    // A tree like the parameters, some of whose leaves are missing: that is what the halves of a partition are.
    structure.unflatten(leaves.map((leaf, i) => (flags[i] === wanted ? leaf : null))) as Params;
  return { trainable: only(false), frozen: only(true) };
}

/** The parameters that {@link partitionParams} has cut in two. */
export function mergeParams<Params>(trainable: Params, frozen: Params): Params {
  const fill = (own: unknown, other: unknown): unknown => {
    if (own === null || own === undefined) return other;
    if (!isNode(own) || !isNode(other)) return own;
    const names = new Set([...Object.keys(own), ...Object.keys(other)]);
    return Object.fromEntries([...names].map((name) => [name, fill(own[name], other[name])]));
  };
  return fill(trainable, frozen) as Params; // Each leaf is in one of the two.
}

const isNode = (tree: unknown): tree is Readonly<Record<string, unknown>> =>
  typeof tree === 'object' &&
  tree !== null &&
  !(tree instanceof Value || tree instanceof ParamSpec);

/** How many numbers of a spec or tree of arrays are trained, and how many are not. */
export interface ParamCounts {
  readonly trainable: number;
  readonly frozen: number;
  readonly total: number;
  /** Leaves that are not trained. */
  readonly frozenLeaves: number;
}

/** The counts, from shapes alone. */
export function countByFilter(specOrParams: unknown, isFrozen: PathFilter): ParamCounts {
  const { leaves, structure } = flatten(specOrParams);
  const counts = { trainable: 0, frozen: 0, total: 0, frozenLeaves: 0 };
  structure.paths().forEach((path, i) => {
    const leaf = leaves[i];
    const size = leaf instanceof ParamSpec || leaf instanceof Value ? sizeOf(leaf.shape) : 0;
    const frozen = isFrozen(path);
    counts[frozen ? 'frozen' : 'trainable'] += size;
    counts.frozenLeaves += frozen ? 1 : 0;
    counts.total += size;
  });
  return counts;
}

/** The parameters with the frozen ones in bfloat16, half the memory. */
export function storeFrozen<Params>(params: Params, isFrozen: PathFilter): Params {
  const { leaves, structure } = flatten(params);
  const paths = structure.paths();
  const stored = leaves.map((leaf, i) =>
    leaf instanceof Value && isFrozen(paths[i] ?? '') ? cast(leaf, 'bfloat16') : leaf,
  );
  return structure.unflatten(stored) as Params; // Arrays stand where arrays stood.
}
