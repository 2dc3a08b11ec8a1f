/** The body of a loop taken apart: what its derivative needs of every turn, and the linear rest. */
import { invariant } from '../../core/base/errors.ts';
import { dropUnused } from '../../core/ir/drop-unused.ts';
import { withoutEffects } from '../../core/ir/effects.ts';
import { inline } from '../../core/ir/interpret.ts';
import type { Program, Var } from '../../core/ir/program.ts';
import { traceClosed } from '../../core/ir/trace.ts';
import { zeros } from '../../core/primitives/broadcast.ts';
import { type Linearized, splitBy } from '../linearize.ts';
import { chosen, cut, spread, takeFrom } from './lists.ts';

/** Parameters of the loop. Operands: constants, carries, stacks. Results: carries, stacks. */
export type ScanParams = {
  readonly length: number;
  readonly reverse: boolean;
  readonly consts: number;
  readonly carries: number;
  /** From constants, carries and slices to carries and slices. */
  readonly body: Program;
};

/** How many constants and how many carries have a tangent. */
export const tangentCounts = (
  nonzero: readonly boolean[],
  { consts, carries }: ScanParams,
): readonly [number, number] => {
  const [constFlags, carryFlags] = cut(nonzero, [consts, carries]);
  return [constFlags.filter(Boolean).length, carryFlags.filter(Boolean).length];
};

/** Where the linear loop finds a residual of one turn. */
export type ResidualPlace =
  | { readonly kind: 'constant' }
  | { readonly kind: 'operand'; readonly index: number }
  | { readonly kind: 'stacked'; readonly index: number };

/**
 * The body with its residuals as further slices; but for those that are the same in every turn, which
 * `invariants` computes from the constants, and those that lie in a stack already.
 */
export function separateResiduals(
  { primal, residuals }: Linearized,
  { body, consts, carries }: ScanParams,
) {
  const count = body.outputs.length;
  const outputs = primal.outputs.slice(0, count);
  const kept = primal.outputs.slice(count);
  invariant(kept.length === residuals, 'residuals that are not counted');
  const [constVars, carryVars, rest] = cut(primal.inputs, [consts, carries]);
  const [sliceVars, captureVars] = cut(rest, [body.inputs.length - consts - carries]);
  const { tainted, independent } = splitBy(primal.eqns, [...carryVars, ...sliceVars]);
  const stacked: Var[] = outputs.slice(carries);
  const places = kept.map((variable): ResidualPlace => {
    if (!tainted.has(variable)) return { kind: 'constant' };
    const index = sliceVars.indexOf(variable);
    if (index !== -1) return { kind: 'operand', index };
    if (!stacked.includes(variable)) stacked.push(variable);
    return { kind: 'stacked', index: carries + stacked.indexOf(variable) };
  });
  const inputs = [...constVars, ...captureVars];
  return {
    places,
    program: dropUnused({
      inputs: [...inputs, ...carryVars, ...sliceVars],
      eqns: primal.eqns,
      outputs: [...outputs.slice(0, carries), ...stacked],
    }),
    // What has an effect has it in every turn, where the body is.
    invariants: dropUnused(
      withoutEffects({
        inputs,
        eqns: independent,
        outputs: kept.filter((_, i) => places[i]?.kind === 'constant'),
      }),
    ),
  };
}

/** The linear part of the body: inputs sorted into constants, carries and slices, carries complete. */
export function linearBody(
  { linear, nonzero: outNonzero, residuals }: Linearized,
  params: ScanParams,
  places: readonly ResidualPlace[],
  nonzero: readonly boolean[],
): Program {
  const { consts, carries } = params;
  const [, carryFlags] = cut(nonzero, [consts, carries]);
  const [kept, dConstants, dCarries, dSlices] = cut(linear.inputs, [
    residuals,
    ...tangentCounts(nonzero, params),
  ]);
  const isConstant = places.map(({ kind }) => kind === 'constant');
  const inputs = [
    ...chosen(kept, isConstant),
    ...dConstants,
    ...dCarries,
    ...chosen(
      kept,
      isConstant.map((is) => !is),
    ),
    ...dSlices,
  ];
  const missing = carryFlags.some((has, i) => has && outNonzero[i] !== true);
  const ordered = { ...linear, inputs };
  if (!missing) return ordered;
  const carryAvals = dCarries.map((v) => v.aval).values();
  const avalOfCarry = carryFlags.map((has) => (has ? takeFrom(carryAvals) : null));
  return traceClosed(
    (args) => {
      const found = spread(inline(ordered, args), outNonzero);
      const next = avalOfCarry.flatMap((aval, i) =>
        aval === null ? [] : [found[i] ?? zeros(aval)],
      );
      return [...next, ...found.slice(carries).filter((tangent) => tangent !== null)];
    },
    inputs.map((v) => v.aval),
    'linear scan',
  );
}
