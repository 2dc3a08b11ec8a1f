/** How LeRobot v2.1 lays out a data set: names, schemas and statistics as its own writer makes them. */
import type { SchemaElement } from 'hyparquet';

/** What a data set that is written holds, besides its episodes. */
export interface DatasetSpec {
  readonly robotType: string;
  /** Control steps per second. */
  readonly fps: number;
  /** A name for each number of the state. */
  readonly stateNames: readonly string[];
  /** A name for each number of an action. */
  readonly actionNames: readonly string[];
  /** Height and width of each camera's images; the column is `observation.images.<name>`. */
  readonly cameras: Readonly<Record<string, readonly [height: number, width: number]>>;
}

/** Column of the robot's state. */
export const stateColumn = 'observation.state';

/** Column of the actions. */
export const actionColumn = 'action';

/** Column of a camera's images. */
export const imageColumn = (camera: string): string => `observation.images.${camera}`;

/** Columns of whole numbers, in the order in which LeRobot writes them. */
export const counters = ['frame_index', 'episode_index', 'index', 'task_index'] as const;

/** Episodes per folder. */
export const chunksSize = 1000;

/** Where an episode's file is, as a Python format string. */
export const dataPath = 'data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet';

/** The `features` of `meta/info.json`. */
export function infoFeatures(spec: DatasetSpec): Readonly<Record<string, unknown>> {
  const floats = (names: readonly string[]) => ({
    dtype: 'float32',
    shape: [names.length],
    names: { motors: names },
  });
  const images = Object.entries(spec.cameras).map(([camera, size]) => [
    imageColumn(camera),
    { dtype: 'image', shape: [...size, 3], names: ['height', 'width', 'channels'] },
  ]);
  const scalar = (dtype: string) => ({ dtype, shape: [1], names: null });
  return {
    [stateColumn]: floats(spec.stateNames),
    [actionColumn]: floats(spec.actionNames),
    ...Object.fromEntries(images),
    timestamp: scalar('float32'),
    ...Object.fromEntries(counters.map((name) => [name, scalar('int64')])),
  };
}

/** The Parquet footer that tells the Hugging Face library which columns are images. */
export function huggingfaceMetadata(spec: DatasetSpec): { key: string; value: string } {
  const value = (dtype: string) => ({ dtype, _type: 'Value' });
  const list = (length: number) => ({ feature: value('float32'), length, _type: 'Sequence' });
  const images = Object.keys(spec.cameras).map((name) => [imageColumn(name), { _type: 'Image' }]);
  const features = {
    [stateColumn]: list(spec.stateNames.length),
    [actionColumn]: list(spec.actionNames.length),
    ...Object.fromEntries(images),
    timestamp: value('float32'),
    ...Object.fromEntries(counters.map((name) => [name, value('int64')])),
  };
  return { key: 'huggingface', value: JSON.stringify({ info: { features } }) };
}

/** The Parquet schema: lists of floats, structs of image bytes and path, and whole numbers. */
export function parquetSchema(spec: DatasetSpec): SchemaElement[] {
  const list = (name: string): SchemaElement[] => [
    { name, repetition_type: 'OPTIONAL', converted_type: 'LIST', num_children: 1 },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', repetition_type: 'OPTIONAL', type: 'FLOAT' },
  ];
  const image = (name: string): SchemaElement[] => [
    { name, repetition_type: 'OPTIONAL', num_children: 2 },
    { name: 'bytes', repetition_type: 'OPTIONAL', type: 'BYTE_ARRAY' },
    { name: 'path', repetition_type: 'OPTIONAL', type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  ];
  const cameras = Object.keys(spec.cameras);
  return [
    { name: 'schema', num_children: 3 + cameras.length + counters.length },
    ...list(stateColumn),
    ...list(actionColumn),
    ...cameras.flatMap((camera) => image(imageColumn(camera))),
    { name: 'timestamp', repetition_type: 'OPTIONAL', type: 'FLOAT' },
    ...counters.map(
      (name): SchemaElement => ({ name, repetition_type: 'OPTIONAL', type: 'INT64' }),
    ),
  ];
}

interface Summary {
  readonly min: readonly unknown[];
  readonly max: readonly unknown[];
  readonly mean: readonly unknown[];
  readonly std: readonly unknown[];
  readonly count: readonly number[];
}

/** Least, greatest, mean and deviation of each of `width` interleaved columns, times `scale`. */
function summarise(values: ArrayLike<number>, width: number, scale = 1) {
  const rows = values.length / width;
  const columns = Array.from({ length: width }, (_, dim) => {
    let [min, max, sum, squares] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
    for (let row = 0; row < rows; row++) {
      const value = (values[row * width + dim] ?? 0) * scale;
      min = Math.min(min, value);
      max = Math.max(max, value);
      sum += value;
      squares += value * value;
    }
    const mean = sum / rows;
    return { min, max, mean, std: Math.sqrt(Math.max(0, squares / rows - mean * mean)) };
  });
  return { rows, columns };
}

/** Statistics of one episode's vectors, as in `meta/episodes_stats.jsonl`. */
export function vectorSummary(values: ArrayLike<number>, width: number): Summary {
  const { rows, columns } = summarise(values, width);
  const pick = (key: 'min' | 'max' | 'mean' | 'std') => columns.map((column) => column[key]);
  return {
    min: pick('min'),
    max: pick('max'),
    mean: pick('mean'),
    std: pick('std'),
    count: [rows],
  };
}

/** Statistics of one episode's images per colour, in [0, 1] and shaped [3, 1, 1] as LeRobot has them. */
export function imageSummary(pixels: Uint8Array, frames: number): Summary {
  const { columns } = summarise(pixels, 3, 1 / 255);
  const pick = (key: 'min' | 'max' | 'mean' | 'std') => columns.map((column) => [[column[key]]]);
  const count = [frames];
  return { min: pick('min'), max: pick('max'), mean: pick('mean'), std: pick('std'), count };
}
