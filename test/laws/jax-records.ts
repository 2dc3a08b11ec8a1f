/** What JAX computed for the primitives, recorded by test/golden/make-primitives.py. */
import { readFileSync } from 'node:fs';
import { type Aval, makeAval } from '../../core/base/aval.ts';
import type { DType } from '../../core/base/dtype.ts';
import type { Params, Program } from '../../core/ir/program.ts';
import { bind, traceClosed } from '../../core/ir/trace.ts';
import { primitives } from '../../core/primitives/index.ts';

type Written = readonly [dtype: DType, shape: readonly number[], words: readonly number[]];

interface Entry {
  readonly primitive: keyof typeof primitives;
  readonly params: Params;
  readonly inputs: readonly Written[];
  readonly outputs: readonly Written[];
}

/** One equation, its operands, and JAX's results. */
export interface JaxRecord {
  readonly name: string;
  readonly primitive: string;
  readonly program: Program;
  readonly inputs: readonly (readonly number[])[];
  readonly outputs: readonly (readonly number[])[];
}

function elementsOf([dtype, , words]: Written): number[] {
  if (dtype === 'int32') return [...Int32Array.from(words)];
  if (dtype !== 'float32') return [...words];
  return [...new Float32Array(Uint32Array.from(words).buffer)];
}

const avalOf = ([dtype, shape]: Written): Aval => makeAval(shape, dtype);

function recordOf({ primitive, params, inputs, outputs }: Entry): JaxRecord {
  const avals = inputs.map(avalOf);
  return {
    name: `${primitive} ${JSON.stringify(params)} ${inputs.map(([dtype]) => dtype).join()}`,
    primitive,
    program: traceClosed(
      (xs) => bind(primitives[primitive].primitive, xs, params),
      avals,
      primitive,
    ),
    inputs: inputs.map(elementsOf),
    outputs: outputs.map(elementsOf),
  };
}

const file = new URL('../golden/primitives.json', import.meta.url);
// The recording script writes this form.
const { entries } = JSON.parse(readFileSync(file, 'utf8')) as { entries: readonly Entry[] };

/** Every record. */
export const jaxRecords: readonly JaxRecord[] = entries.map(recordOf);
