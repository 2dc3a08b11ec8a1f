/**
 * The part of jax-js that the cases use, so that they are checked where it is not installed. Every use of an
 * array but the last one is of its `.ref`: functions consume their operands.
 */
import type { Body } from '../case.ts';

type Operand = JaxArray | number;
type Axes = number | readonly number[] | null;
interface Keep {
  readonly keepdims?: boolean;
}

/** An array or a tracer. */
export interface JaxArray {
  readonly ref: JaxArray;
  readonly shape: readonly number[];
  add(other: Operand): JaxArray;
  sub(other: Operand): JaxArray;
  mul(other: Operand): JaxArray;
  div(other: Operand): JaxArray;
  greater(other: Operand): JaxArray;
  sum(axis?: Axes, options?: Keep): JaxArray;
  mean(axis?: Axes, options?: Keep): JaxArray;
  max(axis?: Axes, options?: Keep): JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  transpose(permutation?: readonly number[]): JaxArray;
  astype(dtype: string): JaxArray;
  slice(...index: readonly (number | readonly number[] | null | JaxArray)[]): JaxArray;
  data(): Promise<ArrayLike<number>>;
  blockUntilReady(): Promise<JaxArray>;
  dispose(): void;
}

type Unary = (x: JaxArray) => JaxArray;
type Binary = (x: Operand, y: Operand) => JaxArray;

/** The module. */
export interface JaxJs {
  readonly numpy: {
    array(data: ArrayLike<number>, options?: { readonly dtype?: string }): JaxArray;
    readonly matmul: (x: JaxArray, y: JaxArray) => JaxArray;
    readonly einsum: (subscripts: string, ...operands: readonly JaxArray[]) => JaxArray;
    readonly maximum: Binary;
    readonly sqrt: Unary;
    readonly square: Unary;
    readonly tanh: Unary;
    readonly exp: Unary;
    readonly sin: Unary;
    readonly abs: Unary;
    readonly argmax: (x: JaxArray, axis?: number) => JaxArray;
    readonly cumsum: (x: JaxArray, axis?: number) => JaxArray;
    readonly sort: (x: JaxArray, axis?: number) => JaxArray;
    readonly take: (x: JaxArray, indices: JaxArray, axis?: number) => JaxArray;
    readonly where: (condition: JaxArray, x: Operand, y: Operand) => JaxArray;
    readonly transpose: (x: JaxArray, permutation?: readonly number[]) => JaxArray;
  };
  readonly nn: {
    readonly softmax: (x: JaxArray, axis?: number) => JaxArray;
    readonly gelu: (x: JaxArray) => JaxArray;
  };
  readonly lax: {
    readonly conv: (
      x: JaxArray,
      kernel: JaxArray,
      strides: readonly number[],
      padding: 'SAME' | 'VALID',
    ) => JaxArray;
  };
  readonly random: {
    readonly key: (seed: number) => JaxArray;
    readonly normal: (key: JaxArray, shape: readonly number[]) => JaxArray;
  };
  readonly jit: <A extends readonly JaxArray[], R>(f: (...xs: A) => R) => (...xs: A) => R;
  readonly grad: <R>(
    f: (...xs: JaxArray[]) => JaxArray,
    options: { readonly argnums: readonly number[] },
  ) => (...xs: readonly JaxArray[]) => R;
  readonly valueAndGrad: <R>(
    f: (...xs: JaxArray[]) => JaxArray,
    options: { readonly argnums: readonly number[] },
  ) => (...xs: readonly JaxArray[]) => readonly [JaxArray, R];
  readonly init: (device: string) => Promise<readonly string[]>;
  readonly defaultDevice: (device: string) => string;
  readonly blockUntilReady: <T>(tree: T) => Promise<T>;
}

/** A case in jax-js. */
export type JaxJsProgram = (library: JaxJs) => Body<JaxArray>;
