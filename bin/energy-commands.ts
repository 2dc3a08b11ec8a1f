/** What `enerjax train` and `enerjax evaluate` do. */
import { relative } from 'node:path';
import { defaultDevice } from '../core/host/runtime.ts';
import { openDataset } from '../training/data/open.ts';
import { splitEpisodes } from '../training/data/split.ts';
import type { Dataset } from '../training/data/types.ts';
import {
  type EnergyTrainingConfig,
  type EnergyTrainingOptions,
  energyTrainingConfig,
} from '../training/energy/config.ts';
import { contextEncoder, type Frames } from '../training/energy/context.ts';
import { nothingHeldOut, otherActions } from '../training/energy/errors.ts';
import { type Evaluation, evaluateEnergyModel } from '../training/energy/evaluate.ts';
import { loadEnergyModel, modelConfig } from '../training/energy/model-files.ts';
import { reportOn } from '../training/energy/report.ts';
import { evaluationRows, writeSummary } from '../training/energy/summary.ts';
import { type TrainResult, trainEnergyModel } from '../training/energy/train.ts';
import { table } from '../training/metrics/table.ts';
import { onceInterrupted } from './interrupt.ts';

/** What a process returns after a Ctrl-C that it has dealt with. */
const interruptedCode = 130;

/** A path as short as it can be said here. */
const shown = (path: string): string => {
  const short = relative(process.cwd(), path);
  return short.length < path.length && !short.startsWith('..') ? short : path;
};

/** The episodes that a run uses, on both sides of its split. */
function splitFor(dataset: Dataset, { episodes: limit, heldOut, seed }: EnergyTrainingConfig) {
  const episodes = dataset.episodes.slice(0, limit);
  const tasks = new Set(episodes.map(({ task }) => task)).size;
  return { ...splitEpisodes({ episodes }, { heldOut, seed }), tasks };
}

/** {@link trainEnergyModel}, ended with a checkpoint by the first Ctrl-C. */
async function trainUntilInterrupted(
  frames: Frames,
  config: EnergyTrainingConfig,
  folder: string,
): Promise<TrainResult> {
  const controller = new AbortController();
  const stop = onceInterrupted(() => {
    console.log('\ninterrupted: saving a checkpoint (Ctrl-C again to quit without)');
    controller.abort();
  });
  try {
    return await trainEnergyModel(frames, config, { folder, signal: controller.signal });
  } finally {
    stop();
  }
}

/** What {@link trainCommand} is told. */
export interface TrainCommand {
  readonly data: string;
  readonly out: string;
  readonly settings?: EnergyTrainingOptions;
}

/**
 * Trains, evaluates on held-out episodes, and writes checkpoints, metrics, report and summary to `out`.
 *
 * @returns The exit code.
 */
export async function trainCommand({ data, out, settings = {} }: TrainCommand): Promise<number> {
  const config = energyTrainingConfig(settings);
  const dataset = await openDataset(data);
  const split = splitFor(dataset, config);
  console.log(
    `${split.train.length} episodes to train on and ${split.heldOut.length} held out, of ` +
      `${split.tasks} tasks, in ${shown(data)}\ndevice: ${defaultDevice().description}`,
  );
  const encoder = await contextEncoder(dataset, config, split.train);
  const frames = await encoder.encode(split.train);
  const heldOut = await encoder.encode(split.heldOut);
  console.log(`${frames.count} frames to train on, ${encoder.tokens} context tokens each`);

  const run = await trainUntilInterrupted(frames, config, out);
  console.log(`checkpoint: ${shown(run.checkpoint)}`);
  if (run.interrupted) {
    console.log(`stopped after ${run.step} of ${config.steps} steps`);
    return interruptedCode;
  }
  const model = modelConfig(config, dataset.actionDim);
  const { tau, batch } = config;
  const evaluation =
    heldOut.count === 0
      ? null
      : await evaluateEnergyModel(run.params, model, heldOut, { tau, batch });
  if (evaluation === null) console.log(`not evaluated: ${nothingHeldOut().what}`);
  else printEvaluation(evaluation);
  const summary = { config, run, demonstrations: split.train.length, evaluation };
  console.log(`summary: ${shown(await writeSummary(out, summary))}`);
  console.log(`report: ${shown(await reportOn({ ...summary, out, dataset, model, heldOut }))}`);
  return 0;
}

function printEvaluation(evaluation: Evaluation): void {
  console.log(`\nheld-out episodes, ${evaluation.frames} frames\n`);
  console.log(`${table(evaluationRows(evaluation))}\n`);
}

/** What {@link evaluateCommand} is told. */
export interface EvaluateCommand {
  readonly checkpoint: string;
  readonly data: string;
  readonly alpha: number;
  readonly numSteps: number;
  readonly clipFrac: number;
}

/** Evaluates a checkpoint on the episodes that its run held out. @returns The exit code. */
export async function evaluateCommand({
  checkpoint,
  data,
  ...correction
}: EvaluateCommand): Promise<number> {
  const { params, config, actionDim } = await loadEnergyModel(checkpoint);
  const dataset = await openDataset(data);
  if (actionDim !== dataset.actionDim) {
    throw otherActions(checkpoint, actionDim, data, dataset.actionDim);
  }
  const split = splitFor(dataset, config);
  if (split.heldOut.length === 0) throw nothingHeldOut();
  const encoder = await contextEncoder(dataset, config, split.train);
  const heldOut = await encoder.encode(split.heldOut);
  const { tau, batch } = config;
  const options = { tau, batch, ...correction };
  printEvaluation(
    await evaluateEnergyModel(params, modelConfig(config, actionDim), heldOut, options),
  );
  return 0;
}
