/** The loop of known length as an operation: one program per turn, carries between turns, stacks. */
import { type Aval, range } from '../../core/base/aval.ts';
import { inline } from '../../core/ir/interpret.ts';
import {
  type Duals,
  definePrimitive,
  type Hole,
  isHole,
  known,
  type PrimitiveOf,
  type Tangent,
} from '../../core/ir/primitive.ts';
import { bind, traceClosed } from '../../core/ir/trace.ts';
import type { Value } from '../../core/ir/value.ts';
import { lifted, zeros } from '../../core/primitives/broadcast.ts';
import { add } from '../../core/primitives/index.ts';
import { batchProgram } from '../batch.ts';
import { jvpProgram } from '../jvp.ts';
import { linearizeProgram } from '../linearize.ts';
import { transposeInto } from '../transpose.ts';
import { itemAt, moveAxis, writeZeros } from '../values.ts';
import { chosen, cut, grow, spread, takeFrom } from './lists.ts';
import { linearBody, type ScanParams, separateResiduals, tangentCounts } from './scan-body.ts';

const scanPrimitive: PrimitiveOf<ScanParams> = definePrimitive({
  name: 'scan',
  infer: (_operands, { body, length, consts, carries }) =>
    body.outputs.map(({ aval }, i) => {
      if (i >= carries) return { ...aval, shape: [length, ...aval.shape] };
      return { ...aval, weak: aval.weak && itemAt(body.inputs, consts + i).aval.weak };
    }),
  jvp: {
    dual: (primals, tangents, params, isSplit) =>
      isSplit ? splitDuals(primals, tangents, params) : jointDuals(primals, tangents, params),
  },
  transpose: (cotangents, operands, params) => transposeScan(cotangents, operands, params),
  batch: batchScan,
  lower: (_operands, { body, length, reverse, consts, carries }) => ({
    kind: 'repeat',
    body,
    count: length,
    consts,
    carries,
    isReversed: reverse,
    isIndexed: false,
  }),
});

/** The results of the loop. What it only carries along becomes a constant of it. */
export function bindScan(operands: readonly Value[], params: ScanParams): Value[] {
  const { body, consts, carries } = params;
  const [constants, first, stacks] = cut(operands, [consts, carries]);
  const [constVars, carryVars, sliceVars] = cut(body.inputs, [consts, carries]);
  const isIdle = carryVars.map((variable, i) => body.outputs[i] === variable);
  if (!isIdle.includes(true)) return bind(scanPrimitive, operands, params);
  const moves = isIdle.map((idle) => !idle);
  const lean: ScanParams = {
    ...params,
    consts: consts + isIdle.filter(Boolean).length,
    carries: moves.filter(Boolean).length,
    body: {
      inputs: [
        ...constVars,
        ...chosen(carryVars, isIdle),
        ...chosen(carryVars, moves),
        ...sliceVars,
      ],
      eqns: body.eqns,
      outputs: body.outputs.filter((_, i) => isIdle[i] !== true),
    },
  };
  const rest = [...chosen(first, isIdle), ...chosen(first, moves), ...stacks];
  const results = bind(scanPrimitive, [...constants, ...rest], lean).values();
  return body.outputs.map((_, i) => (isIdle[i] === true ? itemAt(first, i) : takeFrom(results)));
}

/** Which carries have a tangent once all turns are done, and the derivative of the body for them. */
function carriesWithTangent<D extends { readonly nonzero: readonly boolean[] }>(
  tangents: readonly Tangent[],
  { consts, carries }: ScanParams,
  derive: (nonzero: readonly boolean[]) => D,
): { readonly nonzero: readonly boolean[]; readonly derived: D } {
  return grow(
    tangents.map((tangent) => tangent !== null),
    derive,
    ({ nonzero }) => [...range(consts).map(() => false), ...nonzero.slice(0, carries)],
  );
}

/** The tangents of the operands that have one; a carry that gets one later starts with zero. */
const givenTangents = (
  tangents: readonly Tangent[],
  nonzero: readonly boolean[],
  primals: readonly Value[],
): Value[] =>
  primals.flatMap(({ aval }, i) => (nonzero[i] === true ? [tangents[i] ?? zeros(aval)] : []));

/** One loop that computes results and tangents together. */
function jointDuals(
  primals: readonly Value[],
  tangents: readonly Tangent[],
  params: ScanParams,
): Duals {
  const { body, consts, carries } = params;
  const { nonzero, derived: jvp } = carriesWithTangent(tangents, params, (flags) =>
    jvpProgram(body, flags),
  );
  const groups = [consts, carries] as const;
  const [, carryFlags] = cut(nonzero, groups);
  const outFlags = [...carryFlags, ...jvp.nonzero.slice(carries)];
  const [constants, first, stacks] = cut(primals, groups);
  const given = givenTangents(tangents, nonzero, primals);
  const [dConstants, dFirst, dStacks] = cut(given, tangentCounts(nonzero, params));
  const operands = [
    ...constants,
    ...dConstants,
    ...jvp.captures,
    ...first,
    ...dFirst,
    ...stacks,
    ...dStacks,
  ];
  const counts = [
    consts,
    dConstants.length,
    jvp.captures.length,
    carries,
    dFirst.length,
    stacks.length,
  ] as const;
  const avals = operands.map((v, i) => (i < sum(counts.slice(0, 5)) ? v.aval : sliceOf(v.aval)));
  const joint = traceClosed(
    (inputs) => {
      const [c, dc, captures, k, dk, x, dx] = cut(inputs, counts);
      const all = inline(jvp.program, [...c, ...k, ...x, ...dc, ...dk, ...dx, ...captures]);
      const outputs = all.slice(0, body.outputs.length);
      const found = spread(all.slice(outputs.length), jvp.nonzero);
      const dNext = writeZeros(
        found.slice(0, carries),
        outputs.map((v) => v.aval).slice(0, carries),
      );
      return [
        ...outputs.slice(0, carries),
        ...chosen(dNext, carryFlags),
        ...outputs.slice(carries),
        ...found.slice(carries).filter((tangent) => tangent !== null),
      ];
    },
    avals,
    'jvp of scan',
  );
  const results = bindScan(operands, {
    ...params,
    body: joint,
    consts: sum(counts.slice(0, 3)),
    carries: carries + dFirst.length,
  });
  const [last, dLast, written, dWritten] = cut(results, [
    carries,
    dFirst.length,
    body.outputs.length - carries,
  ]);
  return { outputs: [...last, ...written], tangents: spread([...dLast, ...dWritten], outFlags) };
}

const sum = (sizes: readonly number[]): number => sizes.reduce((a, b) => a + b, 0);

/** The type of one slice of a stack. */
const sliceOf = (aval: Aval): Aval => ({ ...aval, shape: aval.shape.slice(1) });

/** A loop that computes results and stacks what the derivative needs, and a linear loop over that. */
function splitDuals(
  primals: readonly Value[],
  tangents: readonly Tangent[],
  params: ScanParams,
): Duals {
  const { body, consts, carries } = params;
  const { nonzero, derived } = carriesWithTangent(tangents, params, (flags) =>
    linearizeProgram(body, flags),
  );
  const [constants, first, stacks] = cut(primals, [consts, carries]);
  const known = [...constants, ...derived.captures];
  const { program, places, invariants } = separateResiduals(derived, params);
  const results = bindScan([...known, ...first, ...stacks], {
    ...params,
    body: program,
    consts: known.length,
  });
  const residuals = places.map((place) => {
    if (place.kind === 'constant') return null;
    return place.kind === 'operand' ? itemAt(stacks, place.index) : itemAt(results, place.index);
  });
  const constantResiduals = inline(invariants, known);
  const linear = linearBody(derived, params, places, nonzero);
  const given = givenTangents(tangents, nonzero, primals);
  const [, carryFlags] = cut(nonzero, [consts, carries]);
  const [dConstants, dFirst, dStacks] = cut(given, tangentCounts(nonzero, params));
  const operands = [
    ...constantResiduals,
    ...dConstants,
    ...dFirst,
    ...residuals.filter((value) => value !== null),
    ...dStacks,
  ];
  const derivatives = bindScan(operands, {
    ...params,
    body: linear,
    consts: constantResiduals.length + dConstants.length,
    carries: dFirst.length,
  });
  const outFlags = [...carryFlags, ...derived.nonzero.slice(carries)];
  return {
    outputs: results.slice(0, body.outputs.length),
    tangents: spread(derivatives, outFlags),
  };
}

/** The loop run backwards: cotangents of carries are carried, those of constants are summed up. */
function transposeScan(
  cotangents: readonly Tangent[],
  operands: readonly (Value | Hole)[],
  params: ScanParams,
): Tangent[] {
  const { body, length, reverse, consts, carries } = params;
  const [constants, first, stacks] = cut(operands, [consts, carries]);
  const [constVars, carryVars] = cut(body.inputs, [consts, carries]);
  const constHoles = constants.map(isHole);
  const sliceHoles = stacks.map(isHole);
  const knownConsts = constants.map(known).filter((value) => value !== null);
  const knownStacks = stacks.map(known).filter((value) => value !== null);
  const carryAvals = carryVars.map((v) => v.aval);
  const sumAvals = chosen(constVars, constHoles).map((v) => v.aval);
  const written = cotangents.slice(carries);
  const givenStacks = written.filter((ct) => ct !== null);
  const slices = [...knownStacks, ...givenStacks].map(({ aval }) => sliceOf(aval));
  const counts = [knownConsts.length, carries, sumAvals.length, knownStacks.length] as const;
  let outHas: boolean[] = [];
  const backward = traceClosed(
    (inputs) => {
      const [c, ctCarries, sums, x, ctSlices] = cut(inputs, counts);
      const [cs, xs] = [c.values(), x.values()];
      const values = [
        ...constHoles.map((isLinear) => (isLinear ? null : takeFrom(cs))),
        ...carryVars.map(() => null),
        ...sliceHoles.map((isLinear) => (isLinear ? null : takeFrom(xs))),
      ];
      const seeds = [
        ...ctCarries,
        ...spread(
          ctSlices,
          written.map((ct) => ct !== null),
        ),
      ];
      const found = transposeInto(body, values, seeds);
      const [ctConsts, ctFirst, ctStacks] = cut(found, [consts, carries]);
      const totals = chosen(ctConsts, constHoles).map((ct, i) =>
        ct === null ? itemAt(sums, i) : add(itemAt(sums, i), ct),
      );
      outHas = ctStacks.map((ct) => ct !== null);
      return [
        ...writeZeros(ctFirst, carryAvals),
        ...totals,
        ...ctStacks.filter((ct) => ct !== null),
      ];
    },
    [...knownConsts.map((v) => v.aval), ...carryAvals, ...sumAvals, ...slices],
    'transpose of scan',
  );
  const starts = [
    ...writeZeros(cotangents.slice(0, carries), carryAvals),
    ...sumAvals.map((aval) => zeros(aval)),
  ];
  const results = bindScan([...knownConsts, ...starts, ...knownStacks, ...givenStacks], {
    length,
    reverse: !reverse,
    consts: knownConsts.length,
    carries: starts.length,
    body: backward,
  });
  const [ctFirst, totals, ctStacks] = cut(results, [carries, sumAvals.length]);
  return [
    ...spread(totals, constHoles),
    ...ctFirst.map((ct, i) => (isHole(itemAt(first, i)) ? ct : null)),
    ...spread(ctStacks, outHas),
  ];
}

/** The loop over a batch: a carry that becomes batched in some turn is batched from the first. */
function batchScan(
  operands: readonly Value[],
  batched: readonly boolean[],
  params: ScanParams,
  size: number,
  axis: string | null,
): Value[] {
  const { body, consts, carries } = params;
  const { nonzero: flags, derived } = grow(
    batched,
    (is) => batchProgram(body, size, is, axis),
    (found) => [...range(consts).map(() => false), ...found.batched.slice(0, carries)],
  );
  const carryFlags = flags.slice(consts, consts + carries);
  const needsLift = carryFlags.some((is, i) => is && derived.batched[i] !== true);
  const lift = (value: Value, i: number): Value =>
    carryFlags[i] === true ? lifted(value, derived.batched[i], size) : value;
  const program = needsLift
    ? traceClosed(
        (inputs) => inline(derived.program, inputs).map((v, i) => (i < carries ? lift(v, i) : v)),
        derived.program.inputs.map((v) => v.aval),
        'vmap of scan',
      )
    : derived.program;
  const moved = operands.map((value, i) => {
    if (flags[i] !== true) return value;
    const whole = lifted(value, batched[i], size);
    return i < consts + carries ? whole : moveAxis(whole, 0, 1);
  });
  return bindScan(moved, { ...params, body: program }).map((result, i) =>
    i >= carries && derived.batched[i] === true ? moveAxis(result, 1, 0) : result,
  );
}
