/** All cases. */
import type { Case } from '../case.ts';
import { attentionCases } from './attention.ts';
import { coldCases, memoryCases } from './cold.ts';
import { convolutionCases } from './convolution.ts';
import { dispatchCases } from './dispatch.ts';
import { elementwiseCases } from './elementwise.ts';
import { energyCases } from './energy.ts';
import { gatherCases } from './gather.ts';
import { matmulCases } from './matmul.ts';
import { reduceCases } from './reduce.ts';
import { rowCases } from './rows.ts';
import { sortCases } from './sort.ts';
import { trainingCases } from './training.ts';

/** Every benchmark, group by group. */
export const cases: readonly Case[] = [
  ...matmulCases,
  ...elementwiseCases,
  ...reduceCases,
  ...rowCases,
  ...attentionCases,
  ...convolutionCases,
  ...gatherCases,
  ...sortCases,
  ...trainingCases,
  ...energyCases,
  ...dispatchCases,
  ...coldCases,
  ...memoryCases,
];
