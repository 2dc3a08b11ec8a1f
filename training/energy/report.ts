/** The report of a run: curves, the energy landscape, and what corrections do on held-out data. */
import { defaultDevice } from '../../core/host/runtime.ts';
import type { EnergyConfig } from '../../models/energy/index.ts';
import type { Dataset } from '../data/types.ts';
import type { TableRow } from '../metrics/table.ts';
import { type ReportSection, writeReport } from '../report/report.ts';
import type { EnergyTrainingConfig } from './config.ts';
import type { Frames } from './context.ts';
import type { Evaluation } from './evaluate.ts';
import { energyLandscape } from './landscape.ts';
import type { TrainResult } from './train.ts';

/** What the report is about. */
export interface ReportOn {
  readonly out: string;
  readonly dataset: Dataset;
  readonly config: EnergyTrainingConfig;
  readonly run: TrainResult;
  readonly model: EnergyConfig;
  readonly heldOut: Frames;
  readonly evaluation: Evaluation;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const fixed = (value: number): string => value.toFixed(4);

/** The closing table. */
export const evaluationRows = (e: Evaluation): TableRow[] => [
  { measurement: 'InfoNCE loss', value: fixed(e.loss) },
  { measurement: 'E_pos', value: fixed(e.ePos) },
  { measurement: 'E_neg', value: fixed(e.eNeg) },
  {
    measurement: 'retrieval accuracy',
    value: `${percent(e.retrieval)} (chance ${percent(e.chance)})`,
  },
  { measurement: 'energy of the expert action', value: fixed(e.energyExpert) },
  { measurement: 'energy of the noisy action', value: fixed(e.energyNoisy) },
  { measurement: 'energy after correction', value: fixed(e.energyCorrected) },
  { measurement: 'corrections that lower the energy', value: percent(e.lowered) },
  { measurement: 'distance to the expert, noisy', value: fixed(e.distanceNoisy) },
  { measurement: 'distance to the expert, corrected', value: fixed(e.distanceCorrected) },
  { measurement: 'corrections that move nearer', value: percent(e.nearer) },
  { measurement: 'cosine of correction and way back', value: fixed(e.cosine) },
];

/** A frame in the middle of the first held-out episode: the gripper is on its way. */
const middleFrame = (frames: Frames): number =>
  Math.floor(Math.max(1, frames.tasks.lastIndexOf(frames.tasks[0] ?? '') / 8));

/** Writes `out/report.html` and returns its path. */
export async function reportOn(about: ReportOn): Promise<string> {
  const { out, dataset, config, run, model, heldOut, evaluation } = about;
  const frame = middleFrame(heldOut);
  const landscape = await energyLandscape(run.params, model, heldOut, {
    frame,
    dims: [0, 1],
    names: ['dx', 'dy'],
  });
  const curve = (name: string) => ({ name, ...run.history.series(name) });
  const xLabel = 'training step';
  const sections: ReportSection[] = [
    {
      title: 'Loss',
      chart: { kind: 'curves', xLabel, yLabel: 'InfoNCE (nats)', series: [curve('loss')] },
    },
    {
      title: 'Energies of matching and other pairs',
      chart: {
        kind: 'curves',
        xLabel,
        yLabel: 'energy',
        series: [curve('E_pos'), curve('E_neg')],
      },
    },
    {
      title: 'Energy around the expert action',
      text: `Held-out frame ${frame}, “${heldOut.tasks[frame] ?? ''}”. All steps of the chunk are moved together; the paths are corrections of one step each.`,
      chart: landscape,
    },
    {
      title: 'Distance to the expert, before and after correction',
      text: 'Below the line the correction has moved the noisy action nearer to the expert.',
      chart: {
        kind: 'before-after',
        points: evaluation.distances,
        xLabel: 'before (normalised rms)',
        yLabel: 'after (normalised rms)',
      },
    },
  ];
  const path = `${out}/report.html`;
  await writeReport(path, {
    title: 'Energy model',
    subtitle:
      `${run.step} steps of ${config.batch} contexts on ${dataset.episodes.length} demonstrations, ` +
      `${run.stepsPerSecond.toFixed(1)} steps/s on ${defaultDevice().description}`,
    summary: evaluationRows(evaluation),
    sections,
  });
  return path;
}
