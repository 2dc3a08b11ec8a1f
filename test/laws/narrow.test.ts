/** Every primitive on packed types: every device, with and without fusion, against the oracle. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { allocateHost, type DType, isFloat } from '../../core/base/dtype.ts';
import { bfloat16Bits, float16Bits, fromRaw, nearest, toRaw } from '../../core/base/half.ts';
import { compile } from '../../core/compile/compile.ts';
import type { Device } from '../../core/host/device.ts';
import { createJsDevice } from '../../core/host/js/device.ts';
import { getDevice } from '../../core/host/runtime.ts';
import { traceClosed } from '../../core/ir/trace.ts';
import { interpretProgram } from './expr-interpreter.ts';
import { type Case, cases, expectNone } from './run-sample.ts';

/** What becomes of the types of a sample; a primitive that refuses them is not tried. */
const variants: readonly Partial<Record<DType, DType>>[] = [
  { float32: 'bfloat16' },
  { float32: 'float16' },
  { int32: 'int8', uint32: 'uint8' },
  { int32: 'int16', uint32: 'uint16' },
];

interface NarrowCase {
  readonly name: string;
  readonly program: Case['program'];
  readonly inputs: readonly number[][];
}

/** The sample on narrow types; null if it has none of the wide ones, or the primitive refuses. */
function narrowed({ name, sample }: Case, types: (typeof variants)[number]): NarrowCase | null {
  const avals = sample.inputs.map(({ aval }) => ({
    ...aval,
    dtype: types[aval.dtype] ?? aval.dtype,
  }));
  if (avals.every(({ dtype }, i) => dtype === sample.inputs[i]?.aval.dtype)) return null;
  const inputs = sample.inputs.map(({ elements }, i) =>
    elements.map((x) => nearest(x, avals[i]?.dtype ?? 'float32')),
  );
  try {
    const program = traceClosed(sample.apply, avals, name);
    return { name: `${name} as ${Object.values(types).join()}`, program, inputs };
  } catch {
    return null;
  }
}

const narrowCases = variants.flatMap((types) => cases.flatMap((one) => narrowed(one, types) ?? []));

/** How many values of the type lie between two numbers. */
function distance(a: number, b: number, dtype: DType): number {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return 0;
  if (dtype === 'float32') return Math.abs(a - b) <= 2e-6 + 1e-5 * Math.abs(b) ? 0 : Infinity;
  if (!isFloat(dtype) || Number.isNaN(a) || Number.isNaN(b)) return Infinity;
  const place = (x: number): number => {
    const bits = dtype === 'bfloat16' ? bfloat16Bits(x) : float16Bits(x);
    return bits & 0x8000 ? -(bits & 0x7fff) : bits;
  };
  return Math.abs(place(a) - place(b));
}

/** A float32 result may fall on either side of a rounding; below this many steps is not a fault. */
const allowed = 1;
/** The least normal number and less: devices may flush what they compute there. */
const flushed = 2 ** -126;

async function complaint(device: Device, one: NarrowCase): Promise<string | null> {
  const plan = compile(one.program, device.target);
  const storages = one.inputs.map((elements, i) => {
    const dtype = one.program.inputs[i]?.aval.dtype ?? 'float32';
    const data = allocateHost(dtype, elements.length);
    data.set(elements);
    return device.upload(toRaw(data, dtype), dtype);
  });
  const results = device.load(plan).run(storages, new Set());
  const expected = interpretProgram(one.program, one.inputs);
  for (const [k, storage] of results.entries()) {
    const dtype = one.program.outputs[k]?.aval.dtype ?? 'float32';
    const found = fromRaw(await storage.read(), dtype);
    const wanted = expected[k] ?? [];
    if (found.length !== wanted.length) return `${found.length} elements`;
    for (let i = 0; i < found.length; i++) {
      const [f, w] = [found[i] ?? Number.NaN, wanted[i] ?? Number.NaN];
      if (Math.abs(f) <= flushed && Math.abs(w) <= flushed) continue;
      if (distance(f, w, dtype) > allowed) return `element ${i} is ${f} instead of ${w}`;
    }
  }
  return null;
}

async function complaints(device: Device, tried: readonly NarrowCase[]): Promise<string[]> {
  const all: string[] = [];
  for (const one of tried) {
    try {
      const why = await complaint(device, one);
      if (why !== null) all.push(`${one.name}: ${why}`);
    } catch (error) {
      all.push(`${one.name}: threw ${String(error).split('\n')[0]}`);
    }
  }
  return all;
}

test('most samples exist in narrow types', () => {
  assert.ok(narrowCases.length > cases.length, `${narrowCases.length} of ${cases.length}`);
});

test('the js device agrees with the oracle on packed types', async () => {
  expectNone(await complaints(createJsDevice(), narrowCases));
});

test('the js device agrees with the oracle on packed types when kernels are fused', async () => {
  expectNone(await complaints(createJsDevice({ fuse: true }), narrowCases));
});

test('the wasm device agrees with the oracle on packed types', async () => {
  expectNone(await complaints(await getDevice('wasm'), narrowCases));
});

/** For a GPU, where every distinct kernel takes a tenth of a second to compile: the first of each primitive. */
const few = narrowCases.filter(({ name }, i) => {
  const [own] = name.split(' ');
  return own !== narrowCases[i - 1]?.name.split(' ')[0];
});

if (process.env.ENERJAX_TEST_WEBGPU === '1') {
  test('the webgpu device agrees with the oracle on packed types', async () => {
    expectNone(await complaints(await getDevice('webgpu'), few));
  });
}

test.run();
