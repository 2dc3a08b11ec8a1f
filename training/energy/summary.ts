/** A run in a few lines of text: what was run on what, and what came of it. */
import { arch, availableParallelism, platform } from 'node:os';
import { defaultDevice } from '../../core/host/runtime.ts';
import { writeTextAtomically } from '../checkpoint/atomic-file.ts';
import { showDuration } from '../metrics/number.ts';
import { markdownTable, type TableRow } from '../metrics/table.ts';
import type { EnergyTrainingConfig } from './config.ts';
import type { Evaluation } from './evaluate.ts';
import type { TrainResult } from './train.ts';

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

/** A run that has ended, and what was measured on the episodes that it did not see. */
export interface RunSummary {
  readonly config: EnergyTrainingConfig;
  readonly run: TrainResult;
  /** How many demonstrations were trained on. */
  readonly demonstrations: number;
  /** Null if no episode was held out. */
  readonly evaluation: Evaluation | null;
}

/** Device with its threads, and the versions of what runs it. */
export const machineLine = (): string =>
  `${defaultDevice().description}; Node ${process.version}, ${platform()} ${arch()}, ` +
  `${availableParallelism()} CPU cores`;

/** What was run, and how fast. */
export const runLine = ({ config, run, demonstrations }: RunSummary): string =>
  `${run.step} steps of ${config.batch} contexts on ${demonstrations} demonstrations ` +
  `in ${showDuration(run.seconds)} min (${(run.step / run.seconds).toFixed(1)} steps/s)`;

/** The run as Markdown: a sentence, the machine, and the closing table. */
export function renderSummary(summary: RunSummary): string {
  const { evaluation } = summary;
  const result =
    evaluation === null
      ? 'No episode was held out, so nothing was evaluated.'
      : `On held-out episodes, ${evaluation.frames} frames:\n\n${markdownTable(evaluationRows(evaluation))}`;
  return `# Energy model\n\n${runLine(summary)}\n\nMachine: ${machineLine()}\n\n${result}\n`;
}

/** Writes `out/summary.md` and returns its path. */
export async function writeSummary(out: string, summary: RunSummary): Promise<string> {
  const path = `${out}/summary.md`;
  await writeTextAtomically(path, renderSummary(summary));
  return path;
}
