/** What can be wrong with a data set, and how to repair it. */
import { defineError } from '../../core/base/errors.ts';

const damaged = {
  noExample: 'needs a damaged data set on disk; test/data makes one for each code',
};
const onDisk = { noExample: 'reads or writes files' };

const restore =
  'restore the file from where the data set came from, or make the demonstrations again with `npm run make-demos`';

/** No folder where a data set should be. */
export const folderMissing = defineError({
  code: 'dataset-folder-missing',
  what: (folder: string, previous: string | null) =>
    `openDataset: there is no folder '${folder}'${previous === null ? '' : `, but an interrupted writer left the data set it had in '${previous}'`}`,
  fix: (folder: string, previous: string | null) =>
    previous === null
      ? 'pass the folder that holds meta/ and data/, or make the demonstrations with `npm run make-demos`'
      : `move it back: mv '${previous}' '${folder}'`,
  example: {
    fails: "await openDataset('examples/data/desktop')",
    works: "await openDataset('examples/data/tabletop')",
  },
});

/** A file of the data set is not there. */
export const fileMissing = defineError({
  code: 'dataset-file-missing',
  what: (op: string, file: string) => `${op}: there is no file '${file}'`,
  fix: restore,
  example: damaged,
});

/** A metadata file that is not JSON. */
export const jsonMalformed = defineError({
  code: 'dataset-json-malformed',
  what: (file: string, line: number, reason: string) =>
    `openDataset: line ${line} of '${file}' is not JSON: ${reason}`,
  fix: restore,
  example: damaged,
});

/** A metadata file that lacks something or holds something else. */
export const fieldMissing = defineError({
  code: 'dataset-field-missing',
  what: (file: string, field: string, wanted: string, got: string) =>
    `openDataset: '${field}' in '${file}' must be ${wanted}, but it is ${got}`,
  fix: (file: string, field: string, wanted: string) =>
    `write ${wanted} as '${field}' into '${file}', as LeRobot v2.1 does, or make the demonstrations again with \`npm run make-demos\``,
  example: damaged,
});

/** A data set of a layout that is not read. */
export const versionUnsupported = defineError({
  code: 'dataset-version-unsupported',
  what: (file: string, version: string) =>
    `openDataset: '${file}' says LeRobot ${version}; this reads v2.0 and v2.1`,
  fix: 'convert the data set to LeRobot v2.1',
  example: damaged,
});

/** A data set whose pictures are films. */
export const videoUnsupported = defineError({
  code: 'dataset-video-unsupported',
  what: (file: string, key: string) =>
    `openDataset: '${key}' in '${file}' is stored as video; only images inside the Parquet files are read`,
  fix: 'convert the data set with images in place of videos (use_videos=False in LeRobot)',
  example: damaged,
});

/** A file that is something else than Parquet. */
export const notParquet = defineError({
  code: 'episode-not-parquet',
  what: (file: string, size: number) =>
    `readEpisode: '${file}' (${size} bytes) is not Parquet: it does not begin with PAR1`,
  fix: (file: string) =>
    `look at what '${file}' is (a Git LFS pointer? then run \`git lfs pull\`), or ${restore}`,
  example: damaged,
});

/** A Parquet file whose end is missing. */
export const parquetTruncated = defineError({
  code: 'episode-truncated',
  what: (file: string, size: number) =>
    `readEpisode: '${file}' is cut off after ${size} bytes: it begins as Parquet but does not end with PAR1`,
  fix: restore,
  example: damaged,
});

/** A Parquet file that has both ends and cannot be decoded. */
export const parquetCorrupt = defineError({
  code: 'episode-corrupt',
  what: (file: string, reason: string) => `readEpisode: '${file}' cannot be decoded: ${reason}`,
  fix: restore,
  example: damaged,
});

/** A column that info.json promises and the file does not have. */
export const columnMissing = defineError({
  code: 'episode-column-missing',
  what: (file: string, column: string, columns: readonly string[]) =>
    `readEpisode: '${file}' has no column '${column}'; it has ${columns.join(', ')}`,
  fix: restore,
  example: damaged,
});

/** A file with another number of rows than episodes.jsonl says. */
export const lengthMismatch = defineError({
  code: 'episode-length-mismatch',
  what: (file: string, rows: number, length: number) =>
    `readEpisode: '${file}' has ${rows} rows, but meta/episodes.jsonl says ${length}`,
  fix: restore,
  example: damaged,
});

/** A row whose list has another length than info.json says, or is empty. */
export const rowMismatch = defineError({
  code: 'episode-row-mismatch',
  what: (file: string, column: string, row: number, got: string, wanted: number) =>
    `readEpisode: row ${row} of '${column}' in '${file}' has ${got}, but meta/info.json says ${wanted} numbers`,
  fix: restore,
  example: damaged,
});

/** A NaN or an infinity among the numbers. */
export const notFinite = defineError({
  code: 'episode-not-finite',
  what: (op: string, where: string, row: number, dim: number, value: number) =>
    `${op}: ${where} holds ${value} in row ${row}, dimension ${dim}`,
  fix: 'leave this episode out, or record it again: training on it would spread the value to every parameter',
  example: damaged,
});

/** Bytes in an image column that are no PNG. */
export const notPng = defineError({
  code: 'episode-not-png',
  what: (file: string, column: string, row: number, reason: string) =>
    `readEpisode: row ${row} of '${column}' in '${file}' cannot be read as PNG: ${reason}`,
  fix: 'convert the images to PNG (LeRobot writes them so), or restore the file',
  example: damaged,
});

/** A picture of another size than info.json says. */
export const imageSizeMismatch = defineError({
  code: 'episode-image-size',
  what: (file: string, column: string, row: number, got: string, wanted: string) =>
    `readEpisode: the image in row ${row} of '${column}' in '${file}' is ${got}, but meta/info.json says ${wanted}`,
  fix: 'write the images in the size that meta/info.json gives as shape [height, width, 3]',
  example: damaged,
});

/** An episode number that the data set does not have. */
export const noSuchEpisode = defineError({
  code: 'episode-out-of-range',
  what: (index: number, folder: string, count: number) =>
    `readEpisode: there is no episode ${index} in '${folder}', which has ${count} (0 to ${count - 1})`,
  fix: 'take an index from dataset.episodes or from splitEpisodes(dataset, …)',
  example: {
    fails:
      "const dataset = await openDataset('examples/data/tabletop'); await readEpisode(dataset, dataset.episodes.length)",
    works:
      "const dataset = await openDataset('examples/data/tabletop'); await readEpisode(dataset, 0)",
  },
});

/** A held-out share that is no share. */
export const fractionOutOfRange = defineError({
  code: 'split-fraction-range',
  what: (fraction: number) =>
    `splitEpisodes: heldOut is ${fraction}, but must be at least 0 and less than 1`,
  fix: 'pass a share of the episodes: splitEpisodes(dataset, { heldOut: 0.2 })',
  example: {
    fails:
      "const dataset = await openDataset('examples/data/tabletop'); splitEpisodes(dataset, { heldOut: 20 })",
    works:
      "const dataset = await openDataset('examples/data/tabletop'); splitEpisodes(dataset, { heldOut: 0.2 })",
  },
});

/** Action chunks of no length. */
export const horizonOutOfRange = defineError({
  code: 'chunk-horizon-range',
  what: (horizon: number) =>
    `actionChunks: horizon is ${horizon}, but must be a whole number above 0`,
  fix: 'pass how many actions are predicted at once: actionChunks(episode, 10)',
  example: {
    fails:
      "const dataset = await openDataset('examples/data/tabletop'); actionChunks(await readEpisode(dataset, 0), 0)",
    works:
      "const dataset = await openDataset('examples/data/tabletop'); actionChunks(await readEpisode(dataset, 0), 10)",
  },
});

/** Statistics of nothing. */
export const noEpisodes = defineError({
  code: 'dataset-no-episodes',
  what: (op: string) => `${op}: no episode was given`,
  fix: 'pass at least one episode',
  example: {
    fails:
      "const dataset = await openDataset('examples/data/tabletop'); await datasetStatistics(dataset, [])",
    works:
      "const dataset = await openDataset('examples/data/tabletop'); await datasetStatistics(dataset, [0, 1])",
  },
});

/** An array handed to the writer that does not fit the others. */
export const writeMismatch = defineError({
  code: 'dataset-write-mismatch',
  what: (name: string, got: number, wanted: number, why: string) =>
    `addEpisode: ${name} has ${got} values, but ${why} make ${wanted}`,
  fix: 'pass arrays with one row for each control step',
  example: onDisk,
});
