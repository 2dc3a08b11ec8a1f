/** Every device against the oracle and against JAX, with and without fusion. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Aval, showAval } from '../../core/base/aval.ts';
import { allocateHost } from '../../core/base/dtype.ts';
import { compile } from '../../core/compile/compile.ts';
import type { Device } from '../../core/host/device.ts';
import { createJsDevice } from '../../core/host/js/device.ts';
import { getDevice } from '../../core/host/runtime.ts';
import { inline } from '../../core/ir/interpret.ts';
import type { Program } from '../../core/ir/program.ts';
import { traceClosed } from '../../core/ir/trace.ts';
import type { Value } from '../../core/ir/value.ts';
import { hasWebGpu, isFull } from '../support/devices.ts';
import { interpretProgram } from './expr-interpreter.ts';
import { jaxRecords } from './jax-records.ts';
import { cases, difference, expectNone, type Tolerance } from './run-sample.ts';

/** A program to run and what it should give. */
interface Job {
  readonly name: string;
  readonly program: Program;
  readonly inputs: readonly (readonly number[])[];
  readonly expected: readonly ArrayLike<number>[];
}

const oracleJobs: readonly Job[] = cases.map(({ name, program, sample }) => {
  const inputs = sample.inputs.map(({ elements }) => elements);
  return { name, program, inputs, expected: interpretProgram(program, inputs) };
});

const jaxJobs: readonly Job[] = jaxRecords.map(({ name, program, inputs, outputs }) => ({
  name: `JAX ${name}`,
  program,
  inputs,
  expected: outputs,
}));

/** Many independent programs as one. */
interface Packed {
  readonly program: Program;
  readonly inputs: readonly (readonly number[])[];
}

/**
 * Many independent programs as one, so that a device compiles their kernels together. Equal inputs are
 * one input: then the compiler may merge what reads them.
 */
function packed(jobs: readonly Job[]): Packed {
  const places = new Map<string, number>();
  const avals: Aval[] = [];
  const inputs: (readonly number[])[] = [];
  const placesOf = jobs.map((job) =>
    job.program.inputs.map(({ aval }, i) => {
      const elements = job.inputs[i] ?? [];
      const key = `${showAval(aval)} ${elements.map((x) => (Object.is(x, -0) ? '-0' : x)).join()}`;
      const place = places.get(key) ?? avals.length;
      if (place === avals.length) {
        places.set(key, place);
        avals.push(aval);
        inputs.push(elements);
      }
      return place;
    }),
  );
  const body = (values: readonly Value[]): Value[] =>
    jobs.flatMap(({ program }, k) =>
      inline(
        program,
        (placesOf[k] ?? []).flatMap((place) => values[place] ?? []),
      ),
    );
  return { program: traceClosed(body, avals, 'all samples'), inputs };
}

/** Runs jobs as one program on a device; one complaint per job that comes out wrong. */
async function complaints(
  device: Device,
  jobs: readonly Job[],
  toleranceOf: (job: Job) => Tolerance,
): Promise<string[]> {
  const { program, inputs } = packed(jobs);
  const plan = compile(program, device.target);
  const storages = plan.inputs.map(({ dtype }, i) => {
    const elements = inputs[i] ?? [];
    const data = allocateHost(dtype, elements.length);
    data.set(elements);
    return device.upload(data, dtype);
  });
  const results = device.load(plan).run(storages, new Set());
  const outputs = await Promise.all(results.map((storage) => storage.read()));
  let next = 0;
  return jobs.flatMap((job) => {
    const own = outputs.slice(next, next + job.expected.length);
    next += own.length;
    const whys = own.map((actual, k) =>
      difference(actual, job.expected[k] ?? [], toleranceOf(job)),
    );
    const why = whys.find((found) => found !== null);
    return why === undefined || why === null ? [] : [`${job.name}: ${why}`];
  });
}

/** Jobs in groups of one primitive, so that a failure to compile is told apart. */
async function complaintsByPrimitive(
  device: Device,
  jobs: readonly Job[],
  toleranceOf: (job: Job) => Tolerance,
): Promise<string[]> {
  const groups = new Map<string, Job[]>();
  for (const job of jobs) {
    const name = job.name.split(' ').slice(0, 2).join(' ');
    groups.set(name, [...(groups.get(name) ?? []), job]);
  }
  const all: string[] = [];
  for (const [name, group] of groups) {
    try {
      all.push(...(await complaints(device, group, toleranceOf)));
    } catch (error) {
      all.push(`${name}: threw ${String(error).split('\n')[0]}`);
    }
  }
  return all;
}

/** Sums in another order: the error grows with the terms, not with the sum. */
const sums = new Set(['reduceSum', 'dotGeneral', 'cumsum', 'scatter']);
/** Near their zeros these lose relative precision. */
const periodic = new Set(['sin', 'cos', 'tan']);

/** Functions by other polynomials; numbers below the least normal one may be flushed to zero. */
function close({ name }: Job): Tolerance {
  const primitive = name.replace('JAX ', '').split(' ')[0] ?? '';
  const absolute = sums.has(primitive) ? 2e-6 : periodic.has(primitive) ? 1e-6 : 2e-38;
  return { relative: 1e-5, absolute };
}

const jobs = [...oracleJobs, ...jaxJobs];

test('the js device agrees with the oracle and with JAX', async () => {
  assert.ok(jobs.length > 600);
  expectNone(await complaintsByPrimitive(createJsDevice(), jobs, close));
});

test('the js device agrees with the oracle and with JAX when kernels are fused', async () => {
  expectNone(await complaintsByPrimitive(createJsDevice({ fuse: true }), jobs, close));
});

/**
 * The jobs for a GPU, where every distinct kernel takes a tenth of a second to compile: all of JAX's records and
 * the first sample of each primitive.
 */
const few = [
  ...jaxJobs,
  ...oracleJobs.filter(
    ({ name }, i) => name.split(' ')[0] !== oracleJobs[i - 1]?.name.split(' ')[0],
  ),
];

if (hasWebGpu) {
  test('the webgpu device agrees with the oracle and with JAX', async () => {
    expectNone(await complaints(await getDevice('webgpu'), isFull ? jobs : few, close));
  });
}

test('the wasm device agrees with the oracle and with JAX', async () => {
  expectNone(await complaintsByPrimitive(await getDevice('wasm'), jobs, close));
});

test.run();
