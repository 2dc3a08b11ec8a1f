/** Short forms for functions that are written by hand. */
import type { Signature } from './module.ts';
import { branch, branchIf, control, i32, i32Const, localGet, localSet } from './opcodes.ts';

/** The signature of a function of so many i32. */
export const signature = (count: number): Signature => ({
  parameters: new Array<'i32'>(count).fill('i32'),
  results: [],
});

/** local += bytes. */
export const advance = (local: number, amount: readonly number[]): number[] => [
  ...localGet(local),
  ...amount,
  ...i32.add,
  ...localSet(local),
];

/** local = value. */
export const assign = (local: number, ...value: readonly (readonly number[])[]): number[] => [
  ...value.flat(),
  ...localSet(local),
];

/** Runs `body` while the counter, from its present value, is below `limit`. */
export const countUp = (
  counter: number,
  limit: readonly number[],
  step: number,
  ...body: readonly (readonly number[])[]
): number[] => [
  ...control.block,
  ...control.loop,
  ...localGet(counter),
  ...limit,
  ...i32.geS,
  ...branchIf(1),
  ...body.flat(),
  ...advance(counter, i32Const(step)),
  ...branch(0),
  ...control.end,
  ...control.end,
];

/** if / else on the condition that `test` leaves on the stack. */
export const choose = (
  test: readonly number[],
  yes: readonly number[],
  no: readonly number[] = [],
): number[] => [...test, ...control.if, ...yes, ...control.else, ...no, ...control.end];

/** min(a, b) of two signed numbers. */
export const smaller = (a: readonly number[], b: readonly number[]): number[] => [
  ...a,
  ...b,
  ...a,
  ...b,
  ...i32.ltS,
  ...control.select,
];

/** base + index · size. */
export const at = (base: readonly number[], index: readonly number[], size: number): number[] => [
  ...base,
  ...index,
  ...i32Const(size),
  ...i32.mul,
  ...i32.add,
];

/** The least multiple of `to` that is no smaller than `value`. */
export const roundUp = (value: number, to: number): number => Math.ceil(value / to) * to;
