/** The training loop of the energy model on top of frozen context. */
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import * as random from '../../core/random.ts';
import { type EnergyParams, energySpec, infoNce } from '../../models/energy/index.ts';
import * as nn from '../../nn/index.ts';
import { jit, valueAndGrad } from '../../transforms/index.ts';
import { type History, history } from '../metrics/history.ts';
import { openHistoryFile } from '../metrics/history-file.ts';
import { progress } from '../metrics/progress.ts';
import type { EnergyTrainingConfig } from './config.ts';
import type { Frames } from './context.ts';
import { diverged } from './errors.ts';
import { modelConfig, saveEnergyModel } from './model-files.ts';

/** How a run reports and when it stops. */
export interface TrainOptions {
  /** Folder for checkpoints and for `metrics.jsonl`, to which every step is appended. */
  readonly folder: string;
  /** Takes each line of progress. */
  readonly write?: (line: string) => void;
  /** Ends the run after the step in progress, with a checkpoint. */
  readonly signal?: AbortSignal;
}

/** What a run leaves in memory. */
export interface TrainResult {
  readonly params: EnergyParams;
  /** The loss and the mean energies, step by step. */
  readonly history: History;
  /** Steps that were taken. */
  readonly step: number;
  readonly interrupted: boolean;
  readonly checkpoint: string;
  /** From the start of the first step, whose programs are compiled, to the end of the last. */
  readonly seconds: number;
}

/** The optimizer of a run: AdamW on clipped gradients, the rate warmed up and then lowered to zero. */
const optimizer = (config: EnergyTrainingConfig) =>
  nn.optim.chain(
    nn.optim.clipByGlobalNorm(config.clipNorm),
    nn.optim.adamw(
      nn.optim.warmupCosineDecay({
        initValue: 0,
        peakValue: config.learningRate,
        warmupSteps: Math.min(config.warmup, config.steps - 1),
        decaySteps: config.steps,
      }),
      { weightDecay: config.weightDecay },
    ),
  );

/** The step of a run: parameters and optimizer state in, the same and what was measured out. */
function trainingStep(frames: Frames, config: EnergyTrainingConfig, dataKey: Value) {
  const model = modelConfig(config, widthOf(frames));
  const transform = optimizer(config);
  const loss = (params: EnergyParams, key: Value): [Value, { ePos: Value; eNeg: Value }] => {
    const [rowKey, dropKey] = pairOf(random.split(key, 2));
    const rows = random.randint(rowKey, [config.batch], 0, frames.count);
    const take = (x: Value): Value => np.take(x, rows, { axis: 0 });
    const result = infoNce(params, model, take(frames.context), take(frames.actions), {
      padMask: take(frames.padMask),
      tau: config.tau,
      key: dropKey,
      train: true,
    });
    return [result.loss, { ePos: result.ePos, eNeg: result.eNeg }];
  };
  const gradient = valueAndGrad(loss, { hasAux: true });
  const step = jit(
    (params: EnergyParams, state: ReturnType<typeof transform.init>, index: Value) => {
      const [[value, aux], grads] = gradient(params, random.foldIn(dataKey, index));
      const [updates, next] = transform.update(grads, state, params);
      return { params: nn.optim.applyUpdates(params, updates), state: next, loss: value, ...aux };
    },
    { donate: [0, 1] },
  );
  return { model, init: transform.init, step };
}

/**
 * Trains on random frames, with the other actions of the batch as negatives.
 *
 * @throws `training-diverged`.
 */
export async function trainEnergyModel(
  frames: Frames,
  config: EnergyTrainingConfig,
  { folder, write = console.log, signal }: TrainOptions,
): Promise<TrainResult> {
  const actionDim = widthOf(frames);
  const [initKey, dataKey] = pairOf(random.split(random.key(config.seed), 2));
  const { model, init, step: takeStep } = trainingStep(frames, config, dataKey);
  let params = nn.initParams(energySpec(model), initKey);
  let state = init(params);
  let step = 0;
  const save = (): Promise<string> => saveEnergyModel(folder, { params, config, actionDim, step });
  const records = history();
  const lines = progress({ total: config.steps, every: config.logEvery, write });
  const file = await openHistoryFile(`${folder}/metrics.jsonl`);
  const started = performance.now();
  try {
    while (step < config.steps && signal?.aborted !== true) {
      const result = takeStep(params, state, np.array(step, { dtype: 'int32' }));
      ({ params, state } = result);
      const record = { step, values: await readMetrics(result, step) };
      records.append(record);
      // Writing also lets the process hear a signal: reading from the CPU does not give it the time.
      await file.append(record);
      lines.add(step, record.values);
      step += 1;
      if (step % config.saveEvery === 0 && step < config.steps) await save();
    }
  } finally {
    await file.close();
  }
  lines.finish();
  const seconds = (performance.now() - started) / 1000;
  const interrupted = step < config.steps;
  return { params, history: records, step, interrupted, checkpoint: await save(), seconds };
}

/** Numbers in an action. */
const widthOf = ({ actions }: Frames): number => actions.shape[2] ?? 1;

/** The two rows of an array. */
const pairOf = (x: Value): [Value, Value] => [x.get(0), x.get(1)];

async function readMetrics(
  { loss, ePos, eNeg }: { loss: Value; ePos: Value; eNeg: Value },
  step: number,
): Promise<{ loss: number; E_pos: number; E_neg: number }> {
  const [value, pos, neg] = await Promise.all([loss.item(), ePos.item(), eNeg.item()]);
  if (!Number.isFinite(Number(value))) throw diverged(step, Number(value));
  return { loss: Number(value), E_pos: Number(pos), E_neg: Number(neg) };
}
