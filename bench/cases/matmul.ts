/** Matrix products. */
import { type Case, Unable } from '../case.ts';
import type { EnerjaxProgram } from '../contestants/enerjax-types.ts';
import { normal } from '../inputs.ts';

/** An m×k matrix times a k×n one. */
const product = (name: string, m: number, k: number, n: number): Case => ({
  name,
  group: 'matmul',
  inputs: [normal([m, k]), normal([k, n])],
  flops: 2 * m * k * n,
  enerjax:
    ({ np }) =>
    (x, y) =>
      np.matmul(x, y),
  jaxJs:
    ({ numpy }) =>
    (x, y) =>
      numpy.matmul(x, y),
  tfjs: (tf) => (x, y) => tf.matMul(x, y),
  onnx: (graph) => (x, y) => graph.op('MatMul', [x, y]),
  xla: 'lambda x, y: x @ y',
});

const square = (n: number): Case => product(`matmul ${n}`, n, n, n);

const batched = (batch: number, n: number): Case => ({
  ...product(`matmul ${batch} of ${n}`, n, n, n),
  inputs: [normal([batch, n, n]), normal([batch, n, n])],
  flops: 2 * batch * n ** 3,
});

/** Both operands as they lie in memory, or turned. */
function transposed(turnX: boolean, turnY: boolean): Case {
  const n = 512;
  return {
    ...product(`matmul ${n}, ${turnX ? 'T' : 'N'}${turnY ? 'T' : 'N'}`, n, n, n),
    enerjax:
      ({ np }) =>
      (x, y) =>
        np.matmul(turnX ? np.transpose(x) : x, turnY ? np.transpose(y) : y),
    jaxJs:
      ({ numpy }) =>
      (x, y) =>
        numpy.matmul(turnX ? x.transpose() : x, turnY ? y.transpose() : y),
    tfjs: (tf) => (x, y) => tf.matMul(x, y, turnX, turnY),
    onnx: (graph) => (x, y) => {
      const turn = (value: string) => graph.op('Transpose', [value], { perm: [1, 0] });
      return graph.op('MatMul', [turnX ? turn(x) : x, turnY ? turn(y) : y]);
    },
    xla: `lambda x, y: x${turnX ? '.T' : ''} @ y${turnY ? '.T' : ''}`,
  };
}

const matvec = (n: number): Case => ({
  ...product(`matvec ${n}`, n, n, 1),
  inputs: [normal([n, n]), normal([n, 1])],
  bytes: 4 * n * n,
});

const vecmat = (n: number): Case => ({
  ...product(`vecmat ${n}`, 1, n, n),
  bytes: 4 * n * n,
});

/** Both operands stored in 16 bits; accumulated and returned in float32. */
const stored =
  (n: number, dtype: string): EnerjaxProgram =>
  ({ np }) => {
    if (!(dtype in np)) throw new Unable(`enerjax has no ${dtype} yet`);
    const to = (x: Parameters<typeof np.astype>[0], name: string) =>
      np.astype(x, name as 'float32'); // The name was looked up above.
    return {
      setup: (x, y) => [to(x.mul(n ** -0.5), dtype), to(y, dtype)],
      f: (x, y) => to(np.matmul(x, y), 'float32'),
    };
  };

const storage = (n: number, dtype: 'bfloat16' | 'float16'): Case => {
  const short = dtype === 'bfloat16' ? 'bf16' : 'f16';
  return {
    name: `matmul ${n}, ${short} storage`,
    group: 'storage',
    inputs: [normal([n, n]), normal([n, n])],
    flops: 2 * n ** 3,
    tolerance: dtype === 'bfloat16' ? 3e-2 : 4e-3,
    enerjax: stored(n, dtype),
    ...(dtype === 'float16'
      ? {
          jaxJs: ({ numpy }) => ({
            setup: (x, y) => [x.ref.mul(n ** -0.5).astype(dtype), y.ref.astype(dtype)],
            f: (x, y) => numpy.matmul(x, y).astype('float32'),
          }),
        }
      : {}),
    xla:
      `(lambda x, y: ((x * ${n} ** -0.5).astype('${dtype}'), y.astype('${dtype}')), ` +
      `lambda x, y: jnp.matmul(x, y, preferred_element_type='float32').astype('${dtype}').astype('float32'))`,
  };
};

/** Matrix products. */
export const matmulCases: readonly Case[] = [
  square(127),
  square(256),
  square(509),
  square(512),
  square(1000),
  square(1024),
  square(2048),
  product('matmul tall 8192×256×64', 8192, 256, 64),
  product('matmul wide 64×256×8192', 64, 256, 8192),
  product('matmul deep 64×8192×64', 64, 8192, 64),
  batched(64, 64),
  batched(16, 256),
  transposed(false, true),
  transposed(true, false),
  transposed(true, true),
  matvec(4096),
  vecmat(4096),
  storage(1024, 'bfloat16'),
  storage(1024, 'float16'),
];
