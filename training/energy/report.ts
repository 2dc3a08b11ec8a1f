/** The report of a run: curves, the energy landscape, and what corrections do on held-out data. */
import type { EnergyConfig } from '../../models/energy/index.ts';
import type { Dataset } from '../data/types.ts';
import { meanOver } from '../metrics/mean-over.ts';
import type { NamedSeries } from '../report/chart-types.ts';
import { type ReportSection, writeReport } from '../report/report.ts';
import { actionNames } from './action-names.ts';
import type { Frames } from './context.ts';
import { correctionCurves } from './correction-curves.ts';
import type { Evaluation } from './evaluate.ts';
import { drawnCorrection, energyLandscape } from './landscape.ts';
import { evaluationRows, machineLine, type RunSummary, runLine } from './summary.ts';

/** What the report is about. */
export interface ReportOn extends RunSummary {
  readonly out: string;
  readonly dataset: Dataset;
  readonly model: EnergyConfig;
  readonly heldOut: Frames;
}

/** Points of a curve over the steps of a run: more than these only show the noise of the batches. */
const curvePoints = 50;
const xLabel = 'training step';

/** A line that stays where it is, to compare a curve with. */
const level = (name: string, value: number, last: number): NamedSeries => ({
  name,
  steps: [0, last],
  values: [value, value],
});

/** How the loss and the two mean energies went. */
function trainingSections({ config, run, evaluation }: RunSummary): ReportSection[] {
  const window = Math.max(1, Math.round(run.step / curvePoints));
  const last = Math.max(1, run.step - 1);
  const curve = (name: string): NamedSeries => ({
    name,
    ...meanOver(run.history.series(name), window),
  });
  const text = window === 1 ? {} : { text: `Means of ${window} steps each.` };
  const chance = level(`chance, ln ${config.batch}`, Math.log(config.batch), last);
  const heldOut =
    evaluation === null ? [] : [level('held-out episodes, at the end', evaluation.loss, last)];
  return [
    {
      title: 'Loss',
      ...text,
      chart: {
        kind: 'curves',
        xLabel,
        yLabel: 'InfoNCE (nats)',
        series: [curve('loss'), chance, ...heldOut],
      },
    },
    {
      title: 'Energies of matching and other pairs',
      ...text,
      chart: {
        kind: 'curves',
        xLabel,
        yLabel: 'energy',
        series: [curve('E_pos'), curve('E_neg')],
      },
    },
  ];
}

/** The frame in the middle of the first held-out episode: the gripper is on its way. */
const middleFrame = ({ episodes }: Frames): number =>
  Math.floor(episodes.lastIndexOf(episodes[0] ?? 0) / 2);

async function landscapeSection(about: ReportOn): Promise<ReportSection> {
  const { run, model, heldOut, dataset } = about;
  const frame = middleFrame(heldOut);
  const names = await actionNames(dataset);
  return {
    title: 'Energy around the expert action',
    text:
      `Half way through held-out episode ${heldOut.episodes[frame]}, “${heldOut.tasks[frame]}”, over the two dimensions ` +
      `in which the energy changes most. Paths: ${drawnCorrection.steps} corrections, a dot after every ${drawnCorrection.every}; ` +
      `α is ${drawnCorrection.alpha} in place of 0.1, so that they can be seen. They move in all dimensions, not only in this slice.`,
    chart: await energyLandscape(run.params, model, heldOut, { frame, names }),
  };
}

async function correctionSections(about: ReportOn): Promise<ReportSection[]> {
  const curves = await correctionCurves(about.run.params, about.model, about.heldOut);
  const series = (of: 'energy' | 'distance'): NamedSeries[] =>
    curves.map((curve) => ({ name: `α = ${curve.alpha}`, ...curve[of] }));
  return [
    {
      title: 'Energy over corrections',
      text: 'Held-out expert actions with noise, corrected step by step: the mean energy.',
      chart: {
        kind: 'curves',
        xLabel: 'correction step',
        yLabel: 'energy',
        series: series('energy'),
      },
    },
    {
      title: 'Distance to the expert over corrections',
      text: 'The same corrections. Where a curve turns, the energy still falls but away from the expert.',
      chart: {
        kind: 'curves',
        xLabel: 'correction step',
        yLabel: 'distance (normalised rms)',
        series: series('distance'),
      },
    },
  ];
}

const beforeAfterSection = ({ distances }: Evaluation): ReportSection => ({
  title: 'Distance to the expert, before and after correction',
  text: 'Three steps with α = 0.1. Below the line the correction has moved the noisy action nearer to the expert.',
  chart: {
    kind: 'before-after',
    points: distances,
    xLabel: 'before (normalised rms)',
    yLabel: 'after (normalised rms)',
  },
});

/** Writes `out/report.html` and returns its path. Without held-out frames it shows the training only. */
export async function reportOn(about: ReportOn): Promise<string> {
  const { out, evaluation } = about;
  const path = `${out}/report.html`;
  const heldOutSections =
    evaluation === null
      ? []
      : [
          await landscapeSection(about),
          beforeAfterSection(evaluation),
          ...(await correctionSections(about)),
        ];
  await writeReport(path, {
    title: 'Energy model',
    subtitle: `${runLine(about)}. ${machineLine()}`,
    summary: evaluation === null ? [] : evaluationRows(evaluation),
    sections: [...trainingSections(about), ...heldOutSections],
  });
  return path;
}
