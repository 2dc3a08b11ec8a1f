/** Small arrays on the reference device, and comparison with numbers computed by hand. */
import { range, sizeOf } from '../../core/base/aval.ts';
import { setDefaultDevice, upload } from '../../core/host/runtime.ts';
import type { Value } from '../../core/ir/value.ts';
import { reduceSum } from '../../core/primitives/index.ts';

await setDefaultDevice('js');

/** f32[…shape] of these elements; by default f32[elements]. */
export const f32 = (
  elements: readonly number[],
  shape: readonly number[] = [elements.length],
): Value => upload(new Float32Array(elements), shape, 'float32');

/** i32[…shape] of these elements. */
export const i32 = (
  elements: readonly number[],
  shape: readonly number[] = [elements.length],
): Value => upload(new Int32Array(elements), shape, 'int32');

/** f32[…shape] with elements 0.1, 0.2, 0.3, … */
export const ramp = (...shape: number[]): Value =>
  f32(
    range(sizeOf(shape)).map((i) => 0.1 * (i + 1)),
    shape,
  );

/** The elements as plain numbers. */
export const numbers = (x: Value): number[] => [...x.dataSync()].map(Number);

/** The sum of all elements. */
export const sum = (x: Value): Value => reduceSum(x, range(x.ndim));

/** True if the elements are those expected, to float32 rounding of chained operations. */
export function near(x: Value, expected: readonly number[], tolerance = 1e-4): boolean {
  const found = numbers(x);
  return (
    found.length === expected.length &&
    found.every(
      (value, i) => Math.abs(value - (expected[i] ?? NaN)) <= tolerance * (1 + Math.abs(value)),
    )
  );
}

/** The code of the error that `run` throws, or 'nothing'. */
export function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
  return 'nothing';
}

/** What the error that `run` throws says happened. */
export function whatOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof Error && 'what' in error ? String(error.what) : String(error);
  }
  return 'nothing';
}
