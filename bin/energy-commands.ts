/** What `enerjax train` and `enerjax evaluate` do. */
import { defaultDevice } from '../core/host/runtime.ts';
import { openDataset } from '../training/data/open.ts';
import { splitEpisodes } from '../training/data/split.ts';
import { type EnergyTrainingOptions, energyTrainingConfig } from '../training/energy/config.ts';
import { contextEncoder } from '../training/energy/context.ts';
import { type Evaluation, evaluateEnergyModel } from '../training/energy/evaluate.ts';
import { loadEnergyModel, modelConfig } from '../training/energy/model-files.ts';
import { evaluationRows, reportOn } from '../training/energy/report.ts';
import { trainEnergyModel } from '../training/energy/train.ts';
import { table } from '../training/metrics/table.ts';

/** What {@link trainCommand} is told. */
export interface TrainCommand {
  readonly data: string;
  readonly out: string;
  readonly settings?: EnergyTrainingOptions;
}

/** Aborts at the first Ctrl-C; a second one ends the process at once. */
function interruptible(): { readonly signal: AbortSignal; readonly stop: () => void } {
  const controller = new AbortController();
  const onInterrupt = (): void => {
    console.log('\ninterrupted: saving a checkpoint (Ctrl-C again to quit without)');
    controller.abort();
  };
  process.once('SIGINT', onInterrupt);
  process.once('SIGTERM', onInterrupt);
  return {
    signal: controller.signal,
    stop: () => {
      process.off('SIGINT', onInterrupt);
      process.off('SIGTERM', onInterrupt);
    },
  };
}

/** Trains, evaluates on held-out episodes, and writes checkpoint and report to `out`. */
export async function trainCommand({ data, out, settings = {} }: TrainCommand): Promise<void> {
  const config = energyTrainingConfig(settings);
  const dataset = await openDataset(data);
  const split = splitEpisodes(dataset, { heldOut: config.heldOut, seed: config.seed });
  console.log(
    `${dataset.episodes.length} episodes of ${dataset.tasks.size} tasks in ${data}; ` +
      `${split.heldOut.length} held out; device: ${defaultDevice().description}`,
  );
  const encoder = await contextEncoder(dataset, config, split.train);
  const frames = await encoder.encode(split.train);
  const heldOut = await encoder.encode(split.heldOut);
  console.log(`${frames.count} frames to train on, ${encoder.tokens} context tokens each`);

  const interrupt = interruptible();
  const run = await trainEnergyModel(frames, config, { folder: out, signal: interrupt.signal });
  interrupt.stop();
  console.log(`checkpoint: ${run.checkpoint}`);
  if (run.interrupted) {
    console.log(`stopped after ${run.step} of ${config.steps} steps`);
    process.exitCode = 130;
    return;
  }
  const model = modelConfig(config, dataset.actionDim);
  const evaluation = await evaluateEnergyModel(run.params, model, heldOut, { tau: config.tau });
  printEvaluation(evaluation);
  const report = await reportOn({ out, dataset, config, run, model, heldOut, evaluation });
  console.log(`report: ${report}`);
}

function printEvaluation(evaluation: Evaluation): void {
  console.log(`\nheld-out episodes, ${evaluation.frames} frames\n`);
  console.log(table(evaluationRows(evaluation)));
}

/** Evaluates a checkpoint on the episodes that its run held out. */
export async function evaluateCommand(
  checkpoint: string,
  options: {
    readonly data: string;
    readonly alpha: number;
    readonly numSteps: number;
    readonly clipFrac: number;
  },
): Promise<void> {
  const saved = await loadEnergyModel(checkpoint);
  const dataset = await openDataset(options.data);
  const { config } = saved;
  const split = splitEpisodes(dataset, { heldOut: config.heldOut, seed: config.seed });
  const encoder = await contextEncoder(dataset, config, split.train);
  const heldOut = await encoder.encode(split.heldOut);
  const model = modelConfig(config, saved.actionDim);
  const { alpha, numSteps, clipFrac } = options;
  printEvaluation(
    await evaluateEnergyModel(saved.params, model, heldOut, {
      tau: config.tau,
      alpha,
      numSteps,
      clipFrac,
    }),
  );
}
