/** Parity of the energy model: energies, contrastive loss and its gradient, slopes, corrections. */
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import * as tree from '../../core/tree.ts';
import type { EnergyParams } from '../../models/energy/config.ts';
import {
  type MultiStepOptions,
  multiStepEnergyCorrection,
} from '../../models/energy/correction.ts';
import { infoNce } from '../../models/energy/infonce.ts';
import { energy } from '../../models/energy/model.ts';
import { grad, valueAndGrad } from '../../transforms/grad.ts';
import { jit } from '../../transforms/jit.ts';
import type { GoldenFile } from './golden-file.ts';
import { type Comparison, compareArray, compareNumbers, type Suite } from './suite.ts';

const tolerance = 1e-4;
const gradientTolerance = 1e-3;
/** A correction moves actions little, so that the movement itself is compared too. */
const movementTolerance = 1e-2;
/** The gradient of the key's bias is zero but for rounding. */
const noiseTolerance = 1e-6;

// Sizes and heads are read off the parameters.
const config = { pool: 'mean', dropoutRate: 0 } as const;

const corrections: Record<string, MultiStepOptions> = {
  correct_one: { numSteps: 1, alpha: 0.1, clipFrac: 0.2 },
  correct_one_first: { numSteps: 1, alpha: 0.1, clipFrac: 0.2, correctFirstOnly: true },
  correct_one_clipped: { numSteps: 1, alpha: 50, clipFrac: 0.2 },
  correct_five: { numSteps: 5, alpha: 0.1, clipFrac: 0.2 },
  correct_three_clipped: { numSteps: 3, alpha: 20, clipFrac: 0.05 },
};

interface Inputs {
  readonly params: EnergyParams;
  readonly h: Value;
  readonly a: Value;
  readonly padMask: Value;
}

/** The parameters as the file has them; a missing one shows as an error of the layer that reads it. */
const paramsIn = (file: GoldenFile, prefix: string): EnergyParams =>
  file.tree(prefix) as unknown as EnergyParams;

async function compareEnergies(file: GoldenFile, inputs: Inputs): Promise<Comparison[]> {
  const { params, h, a, padMask } = inputs;
  const masked = jit((p: EnergyParams, context: Value, actions: Value, mask: Value) =>
    energy(p, config, context, actions, { padMask: mask }),
  );
  const open = jit((p: EnergyParams, context: Value, actions: Value) =>
    energy(p, config, context, actions),
  );
  const slope = jit((p: EnergyParams, context: Value, actions: Value, mask: Value) =>
    grad((x: Value) => np.sum(energy(p, config, context, x, { padMask: mask })))(actions),
  );
  return [
    await compareArray(file, 'out/energy', masked(params, h, a, padMask), { tolerance }),
    await compareArray(file, 'out/energy_nomask', open(params, h, a), { tolerance }),
    await compareArray(file, 'out/grad_a', slope(params, h, a, padMask), {
      tolerance: gradientTolerance,
    }),
  ];
}

async function compareLoss(file: GoldenFile, inputs: Inputs): Promise<Comparison[]> {
  const run = jit(
    valueAndGrad(
      (p: EnergyParams, context: Value, actions: Value, padMask: Value) => {
        const { loss, ...rest } = infoNce(p, config, context, actions, { padMask });
        return [loss, rest] as const;
      },
      { hasAux: true },
    ),
  );
  const [[loss, { ePos, eNeg, energies }], gradient] = run(
    inputs.params,
    inputs.h,
    inputs.a,
    inputs.padMask,
  );
  const comparisons = [
    await compareArray(file, 'out/infonce_loss', loss, { tolerance }),
    await compareArray(file, 'out/e_pos', ePos, { tolerance }),
    await compareArray(file, 'out/e_neg', eNeg, { tolerance }),
    await compareArray(file, 'out/e_ij', energies, { tolerance }),
  ];
  const leaves = tree.leaves(gradient);
  for (const [i, path] of tree.paths(gradient).entries()) {
    const isNoise = path === 'cross_attention/key/bias';
    const options = isNoise
      ? { tolerance: noiseTolerance, isAbsolute: true }
      : { tolerance: gradientTolerance };
    comparisons.push(await compareArray(file, `grad/${path}`, leaves[i] ?? loss, options));
  }
  return comparisons;
}

async function compareCorrections(file: GoldenFile, inputs: Inputs): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  const start = await inputs.a.data();
  for (const [name, options] of Object.entries(corrections)) {
    const correct = jit((p: EnergyParams, context: Value, actions: Value, padMask: Value) =>
      multiStepEnergyCorrection(p, context, actions, { ...options, padMask }),
    );
    const { params, h, a, padMask } = inputs;
    const got = await correct(params, h, a, padMask).data();
    const expected = file.numbers(`out/${name}`);
    const moved = (to: ArrayLike<number>): number[] =>
      Array.from(to, (value, i) => value - (start[i] ?? 0));
    comparisons.push(
      compareNumbers(`out/${name}`, got, expected, { tolerance }),
      compareNumbers(`out/${name} - in/a`, moved(got), moved(expected), {
        tolerance: movementTolerance,
      }),
    );
  }
  return comparisons;
}

/** Files whose `params/` are those of an energy model. */
export const energySuite: Suite = {
  name: 'energy model',
  accepts: (file) => file.has('params/cross_attention/query/kernel') && file.has('in/pad_mask'),
  run: async (file) => {
    const inputs: Inputs = {
      params: paramsIn(file, 'params/'),
      h: file.array('in/h'),
      a: file.array('in/a'),
      padMask: np.astype(file.array('in/pad_mask'), 'bool'),
    };
    return [
      ...(await compareEnergies(file, inputs)),
      ...(await compareLoss(file, inputs)),
      ...(await compareCorrections(file, inputs)),
    ];
  },
};

/** Files of a policy with an energy model on top: `energy_params/` scores `out/prefix_only_out`. */
export const energyOnPolicySuite: Suite = {
  name: 'energy model on a recorded policy context',
  accepts: (file) => file.has('energy_params/cross_attention/query/kernel'),
  run: async (file) => {
    const params = paramsIn(file, 'energy_params/');
    const width = params.action_linear.fc1.kernel.shape[0] ?? 0;
    const actions = file.array('in/actions').get('...', np.slice(0, width));
    const padMask = np.equal(file.array('out/prefix_mask'), 0);
    const run = jit((p: EnergyParams, context: Value, a: Value, mask: Value) => {
      const { loss, ePos, eNeg, energies } = infoNce(p, config, context, a, { padMask: mask });
      return { energy_loss: loss, e_pos: ePos, e_neg: eNeg, e_ij: energies };
    });
    const results = run(params, file.array('out/prefix_only_out'), actions, padMask);
    const comparisons: Comparison[] = [];
    for (const [name, value] of Object.entries(results)) {
      comparisons.push(await compareArray(file, `out/${name}`, value, { tolerance }));
    }
    return comparisons;
  },
};
