/** Steps that several laws share: the program of a sample, comparison of results, other inputs. */
import { isFloat } from '../../core/base/dtype.ts';
import type { Program } from '../../core/ir/program.ts';
import { traceClosed } from '../../core/ir/trace.ts';
import { uniforms } from './inputs.ts';
import { type Sample, samples } from './samples.ts';

/** A sample with its name and its program. */
export interface Case {
  readonly name: string;
  readonly sample: Sample;
  readonly program: Program;
}

/** Every sample of every primitive, traced. */
export const cases: readonly Case[] = Object.entries(samples).flatMap(([name, rows]) =>
  rows.map((sample) => ({
    name: `${name} ${sample.title}`,
    sample,
    program: traceClosed(
      sample.apply,
      sample.inputs.map(({ aval }) => aval),
      name,
    ),
  })),
);

/** Which inputs are floats, and so have tangents. */
export const floatInputs = ({ program }: Case): boolean[] =>
  program.inputs.map((variable) => isFloat(variable.aval.dtype));

/** Numbers between −1 and 1. */
export const direction = (count: number, seed: number): number[] =>
  uniforms(count, seed).map((u) => 2 * u - 1);

/** How far results may be from each other. */
export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}

/** True if two numbers agree: equal, both NaN, or within the tolerance. */
export function agrees(a: number, b: number, { relative, absolute }: Tolerance): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  if (!Number.isFinite(a) || !Number.isFinite(b)) return false;
  return Math.abs(a - b) <= absolute + relative * Math.max(Math.abs(a), Math.abs(b));
}

/** The first place at which two results differ, in words; null if there is none. */
export function difference(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance,
): string | null {
  if (actual.length !== expected.length) {
    return `${actual.length} elements instead of ${expected.length}`;
  }
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [actual[i] ?? Number.NaN, expected[i] ?? Number.NaN];
    if (!agrees(a, b, tolerance)) return `element ${i} is ${a} instead of ${b}`;
  }
  return null;
}

/** Throws one error that lists all complaints. */
export function expectNone(complaints: readonly string[]): void {
  if (complaints.length === 0) return;
  const shown = complaints.slice(0, 20).join('\n  ');
  throw new Error(`${complaints.length} of the samples break this law:\n  ${shown}`);
}

/** Runs a check on every case and collects the complaints, thrown errors among them. */
export function complaintsOf(
  selected: readonly Case[],
  check: (one: Case) => string | null,
): string[] {
  return selected.flatMap((one) => {
    try {
      const complaint = check(one);
      return complaint === null ? [] : [`${one.name}: ${complaint}`];
    } catch (error) {
      return [`${one.name}: threw ${String(error).split('\n')[0]}`];
    }
  });
}
