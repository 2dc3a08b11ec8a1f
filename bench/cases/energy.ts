/** The energy model: a step of its training, and corrections of an action chunk. */
import type { Case } from '../case.ts';
import type { Enerjax, EnerjaxArray } from '../contestants/enerjax-types.ts';
import { type Input, normal } from '../inputs.ts';

interface Sizes {
  readonly contextDim: number;
  readonly hidden: number;
}

const full: Sizes = { contextDim: 2048, hidden: 512 };
const small: Sizes = { contextDim: 512, hidden: 256 };
const heads = 8;
const actDim = 7;
const horizon = 10;

const bias = (shape: readonly number[]): Input => normal(shape, 0.1);
const norm = (width: number): readonly Input[] => [bias([width]), normal([width])];
const affine = (inputs: number, outputs: number): readonly Input[] => [
  bias([outputs]),
  normal([inputs, outputs], inputs ** -0.5),
];

/** Leaves are in the order of their paths. */
const network = (
  inputs: number,
  hidden: number,
  outputs: number,
  blocks: number,
): readonly Input[] => [
  ...Array.from({ length: blocks }, () => [...norm(hidden), ...affine(hidden, hidden)]).flat(),
  ...affine(inputs, hidden),
  ...affine(hidden, outputs),
  ...norm(inputs),
  ...norm(hidden),
];

function parameters({ contextDim, hidden }: Sizes): readonly Input[] {
  const each = hidden / heads;
  const inward = [bias([heads, each]), normal([hidden, heads, each], hidden ** -0.5)];
  const out = [bias([hidden]), normal([heads, each, hidden], hidden ** -0.5)];
  return [
    ...network(actDim, hidden, hidden, 1),
    ...inward,
    ...out,
    ...inward,
    ...inward,
    ...network(hidden, hidden, 1, 2),
    ...network(contextDim, hidden, hidden, 1),
  ];
}

/** The model in enerjax: its configuration, and its parameters from the first operands. */
function model(library: Enerjax, { contextDim, hidden }: Sizes) {
  const { energy, nn, random, tree } = library;
  const config = energy.energyConfig({ contextDim, hidden, heads, dropoutRate: 0 });
  const start = nn.initParams(energy.energySpec(config), random.key(0));
  const [leaves, structure] = tree.flatten(start);
  return {
    config,
    take(
      operands: readonly EnerjaxArray[],
    ): readonly [params: typeof start, rest: readonly EnerjaxArray[]] {
      const params = tree.unflatten(structure, operands.slice(0, leaves.length));
      // The structure is that of `start`.
      return [params as unknown as typeof start, operands.slice(leaves.length)];
    },
  };
}

/** So many operands, which are there. */
function pair<A>([a, b]: readonly A[]): readonly [A, A] {
  if (a === undefined || b === undefined) throw new Error('two operands are left');
  return [a, b];
}

const infoNce = (batch: number, tokens: number, sizes: Sizes): Case => ({
  name: `InfoNCE step, B ${batch} S ${tokens} D ${sizes.contextDim}`,
  group: 'energy',
  inputs: [
    ...parameters(sizes),
    normal([batch, tokens, sizes.contextDim]),
    normal([batch, horizon, actDim]),
  ],
  tolerance: 5e-3,
  enerjax: (library) => {
    const { take, config } = model(library, sizes);
    type Params = ReturnType<typeof take>[0];
    const loss = (params: Params, context: EnerjaxArray, actions: EnerjaxArray) =>
      library.energy.infoNce(params, config, context, actions).loss;
    const step = library.valueAndGrad(loss);
    return (...operands) => {
      const [params, rest] = take(operands);
      const [value, gradients] = step(params, ...pair(rest));
      return [value, ...(library.tree.leaves(gradients) as EnerjaxArray[])]; // All leaves are arrays.
    };
  },
  xla: 'info_nce_step',
});

const correction = (steps: number): Case => ({
  name: `correction, context and ${steps} step${steps > 1 ? 's' : ''}, S 968 D 2048 H 10`,
  group: 'energy',
  inputs: [...parameters(full), normal([1, 968, 2048]), normal([1, horizon, actDim])],
  enerjax: (library) => {
    const { take } = model(library, full);
    return (...operands) => {
      const [params, rest] = take(operands);
      const [context, actions] = pair(rest);
      return library.energy.multiStepEnergyCorrection(params, context, actions, {
        numSteps: steps,
      });
    };
  },
  xla: `lambda *xs: correct(${steps}, *xs)`,
});

const furtherStep: Case = {
  ...correction(1),
  name: 'correction, one further step, S 968 D 2048 H 10',
  target: { wasm: 3 },
  enerjax: (library) => {
    const { take } = model(library, full);
    const encode = library.energy.encodeContext;
    let encoded: ReturnType<typeof encode> | null = null;
    return {
      setup(...operands) {
        const [params, rest] = take(operands);
        const [context, actions] = pair(rest);
        encoded = encode(params, context);
        const leaves = library.tree.leaves(encoded) as EnerjaxArray[]; // All leaves are arrays.
        return [...operands.slice(0, -2), actions, ...leaves];
      },
      f(...operands) {
        const [params, [actions, ...leaves]] = take(operands);
        if (encoded === null || actions === undefined)
          throw new TypeError('called before its setup');
        const given = library.tree.unflatten(library.tree.structure(encoded), leaves);
        return library.energy.correctOnce(params, given, actions);
      },
    };
  },
  xla: '(encoded_operands, correct_encoded)',
};

/** The energy model. */
export const energyCases: readonly Case[] = [
  infoNce(8, 64, small),
  infoNce(32, 64, small),
  infoNce(8, 968, full),
  infoNce(32, 968, full),
  correction(1),
  correction(3),
  furtherStep,
];

/** The first call of a training step, in a new process. */
export const coldEnergy: Case = {
  ...infoNce(8, 64, small),
  name: 'cold: InfoNCE step, trace, compile and run',
  group: 'cold',
  measure: 'cold',
  target: { wasm: 1500, webgpu: 1500 },
};
