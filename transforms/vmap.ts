/** Vectorization over a batch axis. */
import { showAval } from '../core/base/aval.ts';
import { flatten, type Structure } from '../core/base/pytree.ts';
import { inline } from '../core/ir/interpret.ts';
import type { Program } from '../core/ir/program.ts';
import { traceClosed } from '../core/ir/trace.ts';
import { Value } from '../core/ir/value.ts';
import { lifted } from '../core/primitives/broadcast.ts';
import { apply } from './apply.ts';
import { type Axis, axesOfLeaves, frontAxis } from './axes.ts';
import { batchProgram } from './batch.ts';
import { axisSizeMismatch, badAxes, noBatchAxis, resultIsBatched } from './errors.ts';
import { labelled, labelOf } from './label.ts';
import { showArgument, showLeaf, showResult } from './leaves.ts';
import { inAxis } from './named-axes.ts';
import { type AnyFunction, call, stageLeaves } from './stage.ts';
import type { AxesOf, Output } from './types.ts';
import { itemAt, moveAxis } from './values.ts';

/** Where the batch axis is. */
export interface VmapOptions<A extends readonly unknown[], R> {
  /**
   * The batch axis of the arguments: one for all, or a list with an entry per argument. An entry is an
   * axis (negative: from the end), null for what is shared, or a tree that starts like the argument.
   * What is shared is passed to the function as it is. Default: 0.
   */
  readonly inAxes?: number | null | { readonly [K in keyof A]: AxesOf<A[K]> };
  /** The batch axis of the results, or null for results that the batch shares. Default: 0. */
  readonly outAxes?: AxesOf<R>;
  /** The size of the batch; needed only if no argument has a batch axis. */
  readonly axisSize?: number;
  /** The name by which collective operations (`lax.psum(x, 'batch')`, …) inside refer to the batch. */
  readonly axisName?: string;
}

/** An array among the arguments that has the batch axis. */
interface BatchedLeaf {
  /** Position among all leaves. */
  readonly position: number;
  readonly value: Value;
  /** Counted from the front. */
  readonly axis: number;
}

/**
 * `f` over a batch: it is written for one example and runs on all at once.
 *
 * @returns A function of arguments that have one more axis; so do its results.
 * @throws `axis-size-mismatch`, `bad-in-axes`, `no-batch-axis`, `result-is-batched`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.vmap.html
 * @example
 * const dots = vmap(np.dot, { inAxes: [0, null] })(np.ones([8, 3]), np.ones([3]));
 */
export function vmap<A extends unknown[], R extends Output>(
  f: (...args: A) => R,
  options: VmapOptions<A, R> = {},
): (...args: A) => R {
  const batched = (...args: A): R => runBatched(f, args, options) as R; // As f returned it.
  return labelled(batched, `vmap of ${labelOf(f)}`);
}

function runBatched(
  f: AnyFunction,
  args: readonly unknown[],
  { inAxes = 0, outAxes = 0, axisSize, axisName }: VmapOptions<readonly unknown[], unknown>,
): unknown {
  const { leaves, structure } = flatten(args);
  const label = `vmap of ${labelOf(f)}`;
  const batched = batchedLeaves(label, leaves, structure, inAxes);
  const size = batchSize(label, batched, structure, axisSize);
  const shown = axisName === undefined ? '' : `'${axisName}', `;
  const name = `vmap(${shown}size ${size}) of ${labelOf(f)}`;
  const staged = stageLeaves(
    (slices) => {
      const all = [...leaves];
      batched.forEach(({ position }, i) => {
        all[position] = slices[i];
      });
      const given = structure.unflatten(all) as readonly unknown[]; // The structure of a list.
      return axisName === undefined ? call(f, given) : inAxis(axisName, size, () => call(f, given));
    },
    batched.map(({ value: { aval }, axis }) => ({ ...aval, shape: aval.shape.toSpliced(axis, 1) })),
    name,
  );
  const axes = staged.program.inputs.map((_, i): Axis => batched[i]?.axis ?? null);
  const wanted = axesOfLeaves({ label: name, option: 'outAxes' }, outAxes, staged.outTree);
  const program = vmapProgram(staged.program, size, axes, wanted, {
    label: name,
    paths: () => staged.outTree.paths(),
    axis: axisName ?? null,
  });
  const results = apply(program, [...batched.map(({ value }) => value), ...staged.captures]);
  return staged.outTree.unflatten(results);
}

function batchedLeaves(
  label: string,
  leaves: readonly unknown[],
  structure: Structure,
  inAxes: unknown,
): BatchedLeaf[] {
  const option = { label, option: 'inAxes' } as const;
  const axes = axesOfLeaves(option, inAxes, structure);
  return leaves.flatMap((value, position): BatchedLeaf[] => {
    const axis = axes[position] ?? null;
    if (axis === null) return [];
    const where = `${showArgument(structure.paths()[position] ?? '')}, ${showLeaf(value)},`;
    if (!(value instanceof Value)) {
      throw badAxes(
        label,
        'inAxes',
        `${where} is no array and has no axis ${axis}; pass null for it`,
      );
    }
    return [{ position, value, axis: frontAxis(option, axis, value.ndim, where) }];
  });
}

function batchSize(
  label: string,
  batched: readonly BatchedLeaf[],
  structure: Structure,
  axisSize: number | undefined,
): number {
  const sizes = batched.map(({ value, axis }) => itemAt(value.shape, axis));
  const size = axisSize ?? sizes[0];
  if (size === undefined) throw noBatchAxis(label);
  const odd = sizes.findIndex((other) => other !== size);
  if (odd === -1) return size;
  const describe = (i: number): string => {
    const { position, value } = itemAt(batched, i);
    return `${showArgument(structure.paths()[position] ?? '')} (${showAval(value.aval)})`;
  };
  const first = axisSize === undefined ? describe(0) : 'axisSize';
  throw axisSizeMismatch(label, first, size, describe(odd), itemAt(sizes, odd));
}

/**
 * `program` over a batch.
 *
 * @param inAxes - For each input its batch axis, or null if the batch shares it.
 * @param outAxes - For each output the same; negative axes count from the end.
 * @param names - The name of the batch's axis; for errors what is batched, and the outputs' paths.
 * @throws `result-is-batched`, `bad-in-axes`.
 */
export function vmapProgram(
  program: Program,
  size: number,
  inAxes: readonly Axis[],
  outAxes: readonly Axis[],
  names: {
    readonly label: string;
    readonly paths: () => string[];
    readonly axis: string | null;
  },
): Program {
  const inner = batchProgram(
    program,
    size,
    inAxes.map((axis) => axis !== null),
    names.axis,
  );
  const targets = program.outputs.map(({ aval }, i): Axis => {
    const axis = outAxes[i] ?? null;
    const path = (): string => names.paths()[i] ?? '';
    if (axis === null && inner.batched[i] === true) throw resultIsBatched(names.label, path());
    if (axis === null) return null;
    const where = `${showResult(path())}, ${showAval(aval)} with a batch axis,`;
    const option = { label: names.label, option: 'outAxes' } as const;
    return frontAxis(option, axis, aval.shape.length + 1, where);
  });
  const isInPlace =
    inAxes.every((axis) => axis === null || axis === 0) &&
    targets.every((axis, i) => axis === (inner.batched[i] === true ? 0 : null));
  if (isInPlace) return inner.program;
  return traceClosed(
    (inputs) => {
      const moved = inputs.map((input, i) => moveAxis(input, inAxes[i] ?? 0, 0));
      return inline(inner.program, moved).map((output, i) => {
        const axis = targets[i] ?? null;
        if (axis === null) return output;
        return moveAxis(lifted(output, inner.batched[i], size), 0, axis);
      });
    },
    program.inputs.map(({ aval }, i) => {
      const axis = inAxes[i] ?? null;
      return axis === null ? aval : { ...aval, shape: aval.shape.toSpliced(axis, 0, size) };
    }),
    'vmap',
  );
}
