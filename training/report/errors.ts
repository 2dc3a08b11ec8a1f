/** What can be wrong with the data of a chart. */
import { defineError } from '../../core/base/errors.ts';

/** `landscape-size-mismatch`: the samples of an energy landscape do not form its grid. */
export const landscapeSizeMismatch = defineError({
  code: 'landscape-size-mismatch',
  what: (shape: readonly number[], found: number) =>
    `renderReport: a landscape of shape [${shape.join(', ')}] has ${found} energies`,
  fix: 'give ny × nx energies, row by row, with ny and nx at least 2',
  example: {
    fails: `await renderReport({ title: 'run', sections: [{ title: 'energy', chart: {
  kind: 'landscape', energy: new Float32Array(3), shape: [2, 2],
  x: { range: [-1, 1], label: 'x' }, y: { range: [-1, 1], label: 'y' } } }] });`,
    works: `await renderReport({ title: 'run', sections: [{ title: 'energy', chart: {
  kind: 'landscape', energy: new Float32Array(4), shape: [2, 2],
  x: { range: [-1, 1], label: 'x' }, y: { range: [-1, 1], label: 'y' } } }] });`,
  },
});
