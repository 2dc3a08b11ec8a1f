/** Errors of training the energy model. */
import { defineError } from '../../core/base/errors.ts';

const noExample = { noExample: 'needs files on disk' };

/** A setting of a training run is unknown or out of range. */
export const badConfig = defineError({
  code: 'training-config',
  what: (problems: string) => `the training configuration does not fit: ${problems}`,
  fix: 'correct the settings named here; leave a setting out to get its default',
  example: noExample,
});

/** Images cannot be cut into whole patches. */
export const badPatch = defineError({
  code: 'patch-size',
  what: (camera: string, height: number, width: number, patch: number) =>
    `'${camera}' images of ${height}×${width} cannot be cut into patches of ${patch}×${patch}`,
  fix: 'choose a `patch` that divides both sides',
  example: noExample,
});

/** A checkpoint was made by another kind of run. */
export const foreignCheckpoint = defineError({
  code: 'foreign-checkpoint',
  what: (path: string) => `${path} has no configuration of an energy model`,
  fix: 'pass a checkpoint that `enerjax train` has written',
  example: noExample,
});

/** The loss is no longer a number. */
export const diverged = defineError({
  code: 'training-diverged',
  what: (step: number, loss: number) => `the loss is ${loss} at step ${step}`,
  fix: 'lower `learningRate` or raise `tau`; the last checkpoint before this step is intact',
  example: noExample,
});
