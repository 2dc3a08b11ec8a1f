/** Opening a LeRobot data set: its metadata, read and checked. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fieldMissing, folderMissing, versionUnsupported, videoUnsupported } from './errors.ts';
import { fieldsOf, readJson, readJsonLines, text, texts, whole, wholes } from './json.ts';
import type { Camera, Dataset, DatasetInfo, EpisodeInfo, Feature } from './types.ts';

/** What a writer calls the data set that it is about to replace. */
export const previousOf = (folder: string): string => `${folder}.previous`;

/** Whether there is a folder of this name. */
export const isFolder = async (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

const stateKeys = ['observation.state', 'state'];
const actionKeys = ['action', 'actions'];

/**
 * The data set in `folder`: tasks, episodes and the layout of its columns. Nothing on disk is changed.
 *
 * @throws `dataset-folder-missing`, `dataset-file-missing`, `dataset-json-malformed`,
 *   `dataset-field-missing`, `dataset-version-unsupported`, `dataset-video-unsupported`.
 * @see LeRobot dataset format v2.1, https://github.com/huggingface/lerobot (datasets/utils.py).
 */
export async function openDataset(folder: string): Promise<Dataset> {
  if (!(await isFolder(folder))) {
    const previous = previousOf(folder);
    throw folderMissing(folder, (await isFolder(previous)) ? previous : null);
  }
  const infoFile = join(folder, 'meta/info.json');
  const info = await readInfo(infoFile);
  const tasks = await readTasks(join(folder, 'meta/tasks.jsonl'));
  const episodes = await readEpisodes(join(folder, 'meta/episodes.jsonl'), info);
  const [stateKey, stateDim] = vector(infoFile, info.features, stateKeys);
  const [actionKey, actionDim] = vector(infoFile, info.features, actionKeys);
  const cameras = readCameras(infoFile, info.features);
  return { folder, info, tasks, episodes, stateKey, stateDim, actionKey, actionDim, cameras };
}

async function readInfo(file: string): Promise<DatasetInfo> {
  const fields = await readJson(file);
  const version = text(file, fields, 'codebase_version');
  if (!/^v2\.[01]$/.test(version)) throw versionUnsupported(file, version);
  const entries = Object.entries(fieldsOf(file, 'features', fields.features));
  const features = entries.map(([key, value]): [string, Feature] => {
    const feature = fieldsOf(file, `features.${key}`, value);
    return [key, { dtype: text(file, feature, 'dtype'), shape: wholes(file, feature, 'shape') }];
  });
  const robotType = fields.robot_type;
  return {
    version,
    robotType: typeof robotType === 'string' ? robotType : null,
    fps: whole(file, fields, 'fps', 1),
    totalEpisodes: whole(file, fields, 'total_episodes'),
    totalFrames: whole(file, fields, 'total_frames'),
    chunksSize: whole(file, fields, 'chunks_size', 1),
    dataPath: text(file, fields, 'data_path'),
    features: Object.fromEntries(features),
  };
}

async function readTasks(file: string): Promise<ReadonlyMap<number, string>> {
  const lines = await readJsonLines(file);
  return new Map(
    lines.map((line) => [whole(file, line, 'task_index'), text(file, line, 'task')] as const),
  );
}

async function readEpisodes(file: string, info: DatasetInfo): Promise<readonly EpisodeInfo[]> {
  const lines = await readJsonLines(file);
  const episodes = lines.map((line, i) => {
    const index = whole(file, line, 'episode_index');
    if (index !== i) throw fieldMissing(file, 'episode_index', `${i} in line ${i + 1}`, `${index}`);
    const [task] = texts(file, line, 'tasks');
    if (task === undefined) throw fieldMissing(file, 'tasks', 'a list with a task', 'empty');
    return { index, task, length: whole(file, line, 'length', 1) };
  });
  if (episodes.length !== info.totalEpisodes) {
    const wanted = `one line for each of the ${info.totalEpisodes} episodes of info.json`;
    throw fieldMissing(file, 'lines', wanted, `${episodes.length} lines`);
  }
  return episodes;
}

/** The first of `keys` that is a column of numbers, and how many there are in a row. */
function vector(
  file: string,
  features: DatasetInfo['features'],
  keys: readonly string[],
): readonly [string, number] {
  const key = keys.find((name) => features[name] !== undefined);
  const named = keys.join("' or '");
  if (key === undefined)
    throw fieldMissing(file, 'features', `an object with '${named}'`, 'without');
  const { dtype = '', shape = [] } = features[key] ?? {};
  const [width] = shape;
  if (!dtype.startsWith('float') || width === undefined || shape.length !== 1) {
    const got = `${dtype} [${shape.join(', ')}]`;
    throw fieldMissing(file, `features.${key}`, 'float32 with a shape of one number', got);
  }
  return [key, width];
}

function readCameras(file: string, features: DatasetInfo['features']): readonly Camera[] {
  return Object.entries(features).flatMap(([key, { dtype, shape }]) => {
    if (dtype === 'video') throw videoUnsupported(file, key);
    if (dtype !== 'image') return [];
    const [height, width, channels] = shape;
    if (height === undefined || width === undefined || channels !== 3) {
      const got = `[${shape.join(', ')}]`;
      throw fieldMissing(file, `features.${key}.shape`, '[height, width, 3]', got);
    }
    return [{ key, height, width }];
  });
}
