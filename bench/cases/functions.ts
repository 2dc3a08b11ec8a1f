/** A function of arrays in every library, as a case of its own and as one of its gradient. */
import type { Case } from '../case.ts';
import type { Enerjax, EnerjaxArray } from '../contestants/enerjax-types.ts';
import type { JaxArray, JaxJs } from '../contestants/jax-js-types.ts';
import type { OnnxProgram } from '../contestants/onnx-model.ts';
import type { Tensor, Tfjs } from '../contestants/tfjs-types.ts';
import { type Input, normal } from '../inputs.ts';

type Function<A> = (...xs: readonly A[]) => A;

/** One function; its result has the shape `result`. */
export interface Everywhere {
  readonly name: string;
  readonly group: string;
  readonly inputs: readonly Input[];
  readonly result: readonly number[];
  /** How many of the first operands the gradient is taken in. */
  readonly differentiated: number;
  readonly flops?: number;
  readonly bytes?: number;
  readonly enerjax: (library: Enerjax) => Function<EnerjaxArray>;
  readonly jaxJs?: (library: JaxJs) => Function<JaxArray>;
  readonly tfjs?: (library: Tfjs) => Function<Tensor>;
  readonly onnx?: OnnxProgram;
  readonly xla: string;
}

/** The function itself. */
export function forward(f: Everywhere): Case {
  const { result: _, differentiated: __, ...rest } = f;
  return rest;
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** All but the last, and the last. */
function split<A>(xs: readonly A[]): readonly [operands: readonly A[], weight: A] {
  const weight = xs.at(-1);
  if (weight === undefined) throw new Error('a gradient has a weight');
  return [xs.slice(0, -1), weight];
}

/** Its gradient: of the sum of the result, weighted by one more operand. */
export function gradient(f: Everywhere): Case {
  const { differentiated, jaxJs, tfjs, onnx: _, result, ...rest } = f;
  const argnums = range(differentiated);
  return {
    ...rest,
    name: `${f.name}, gradient`,
    inputs: [...f.inputs, normal(result)],
    ...(f.flops === undefined ? {} : { flops: 3 * f.flops }),
    ...(f.bytes === undefined ? {} : { bytes: 2 * f.bytes }),
    enerjax: (library) => {
      const total = (...xs: readonly EnerjaxArray[]): EnerjaxArray => {
        const [operands, weight] = split(xs);
        return library.np.sum(
          f
            .enerjax(library)(...operands)
            .mul(weight),
        );
      };
      const slope = library.grad(total as (...xs: EnerjaxArray[]) => EnerjaxArray, { argnums });
      return (...xs) => listOfArrays(slope(...xs));
    },
    ...(jaxJs && {
      jaxJs: (library: JaxJs) => {
        const total = (...xs: JaxArray[]): JaxArray => {
          const [operands, weight] = split(xs);
          return jaxJs(library)(...operands)
            .mul(weight)
            .sum();
        };
        return library.grad<readonly JaxArray[]>(total, { argnums });
      },
    }),
    ...(tfjs && {
      tfjs: (library: Tfjs) => {
        const total = (...xs: Tensor[]): Tensor => {
          const [operands, weight] = split(xs);
          return library.sum(library.mul(tfjs(library)(...operands), weight));
        };
        const slope = library.grads(total);
        return (...xs: readonly Tensor[]) => slope(xs).slice(0, differentiated);
      },
    }),
    xla: `weighted(${f.xla}, ${differentiated})`,
  };
}

/** What `grad` gives for a list of argument numbers is a list. */
const listOfArrays = (gradients: unknown): readonly EnerjaxArray[] =>
  gradients as readonly EnerjaxArray[];
