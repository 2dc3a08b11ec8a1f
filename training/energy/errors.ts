/** Errors of training the energy model. */
import { defineError } from '../../core/base/errors.ts';

const model = `const config = energyConfig({ contextDim: 6, energyActDim: 2, hidden: 8, heads: 2 });
const params = nn.initParams(energySpec(config), random.key(0));
const frames = (tasks: string[]) => ({
  count: tasks.length,
  context: np.ones([tasks.length, 3, 6]),
  padMask: np.zeros([tasks.length, 3], { dtype: 'bool' }),
  actions: np.ones([tasks.length, 4, 2]),
  tasks,
  episodes: tasks.map((_, episode) => episode),
});`;

/** A setting of a training run is unknown or out of range. */
export const badConfig = defineError({
  code: 'training-config',
  what: (problems: string) => `the training configuration does not fit: ${problems}`,
  fix: 'correct the settings named here; leave a setting out to get its default',
  example: {
    fails: 'energyTrainingConfig({ batch: 0, tau: -1 })',
    works: 'energyTrainingConfig({ batch: 16, tau: 0.5 })',
  },
});

/** Images cannot be cut into whole patches. */
export const badPatch = defineError({
  code: 'patch-size',
  what: (camera: string, height: number, width: number, patch: number) =>
    `'${camera}' images of ${height}×${width} cannot be cut into patches of ${patch}×${patch}`,
  fix: 'choose a `patch` that divides both sides',
  example: { noExample: 'needs a data set on disk' },
});

/** A checkpoint was made by another kind of run. */
export const foreignCheckpoint = defineError({
  code: 'foreign-checkpoint',
  what: (path: string, why: string) => `'${path}' is no checkpoint of an energy model: ${why}`,
  fix: 'pass a checkpoint that `enerjax train` has written',
  example: { noExample: 'needs a checkpoint on disk' },
});

/** A checkpoint was made on data whose actions have another width. */
export const otherActions = defineError({
  code: 'checkpoint-other-actions',
  what: (path: string, model: number, folder: string, data: number) =>
    `the model in '${path}' rates actions of ${model} numbers, but those in '${folder}' have ${data}`,
  fix: 'pass the data set that the checkpoint was trained on',
  example: { noExample: 'needs a checkpoint and a data set on disk' },
});

/** An evaluation without a single frame to look at. */
export const nothingHeldOut = defineError({
  code: 'nothing-held-out',
  what: () => 'no episode is held out, so that there is nothing to evaluate on',
  fix: 'train with a share that is kept back, such as `heldOut: 0.2`, on two or more episodes of each task',
  example: {
    fails: `${model}
await evaluateEnergyModel(params, config, frames([]))`,
    works: `${model}
await evaluateEnergyModel(params, config, frames(['push', 'push', 'lift']), { batches: 1 })`,
  },
});

/** The loss is no longer a number. */
export const diverged = defineError({
  code: 'training-diverged',
  what: (step: number, loss: number) => `the loss is ${loss} at step ${step}`,
  fix: 'lower `learningRate` or raise `tau`; the last checkpoint before this step is intact',
  example: { noExample: 'needs a data set on disk and a run on it' },
});
