/** The part of TensorFlow.js that the cases use, so that they are checked where it is not installed. */
import type { Body } from '../case.ts';

/** An array. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  data(): Promise<ArrayLike<number>>;
  dispose(): void;
}

type Unary = (x: Tensor) => Tensor;
type Binary = (x: Tensor | number, y: Tensor | number) => Tensor;
type Reduction = (x: Tensor, axis?: number | readonly number[], keepDims?: boolean) => Tensor;

/** The module. */
export interface Tfjs {
  readonly version_core: string;
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  tidy<T>(f: () => T): T;
  tensor(data: ArrayLike<number>, shape: readonly number[], dtype?: string): Tensor;
  readonly matMul: (x: Tensor, y: Tensor, transposeX?: boolean, transposeY?: boolean) => Tensor;
  readonly add: Binary;
  readonly sub: Binary;
  readonly mul: Binary;
  readonly div: Binary;
  readonly maximum: Binary;
  readonly sqrt: Unary;
  readonly square: Unary;
  readonly tanh: Unary;
  readonly exp: Unary;
  readonly sin: Unary;
  readonly abs: Unary;
  readonly relu: Unary;
  readonly erf: Unary;
  readonly sum: Reduction;
  readonly mean: Reduction;
  readonly max: Reduction;
  readonly argMax: (x: Tensor, axis?: number) => Tensor;
  readonly softmax: (x: Tensor, axis?: number) => Tensor;
  readonly cumsum: (x: Tensor, axis?: number) => Tensor;
  readonly gather: (x: Tensor, indices: Tensor, axis?: number) => Tensor;
  readonly unsortedSegmentSum: (x: Tensor, ids: Tensor, count: number) => Tensor;
  readonly topk: (x: Tensor, k: number, sorted?: boolean) => { values: Tensor; indices: Tensor };
  readonly transpose: (x: Tensor, permutation?: readonly number[]) => Tensor;
  readonly reshape: (x: Tensor, shape: readonly number[]) => Tensor;
  readonly slice: (x: Tensor, begin: number, size: number) => Tensor;
  readonly where: (condition: Tensor, x: Tensor, y: Tensor) => Tensor;
  readonly greater: Binary;
  readonly conv2d: (
    x: Tensor,
    kernel: Tensor,
    strides: number,
    padding: 'same' | 'valid',
  ) => Tensor;
  readonly grads: (f: (...xs: Tensor[]) => Tensor) => (xs: readonly Tensor[]) => readonly Tensor[];
  readonly valueAndGrads: (
    f: (...xs: Tensor[]) => Tensor,
  ) => (xs: readonly Tensor[]) => { readonly value: Tensor; readonly grads: readonly Tensor[] };
}

/** A case in TensorFlow.js. */
export type TfjsProgram = (library: Tfjs) => Body<Tensor>;
