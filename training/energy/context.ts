/**
 * The context of the energy model when no policy is at hand: tokens of a small frozen encoder. Patches of
 * the camera images and the last states go through fixed random features, words of the instruction
 * through fixed random embeddings. The energy model does not know where its context comes from.
 */
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import * as random from '../../core/random.ts';
import { positionalEncoding } from '../../nn/index.ts';
import { jit } from '../../transforms/index.ts';
import { actionChunks } from '../data/chunks.ts';
import { readEpisode } from '../data/read-episode.ts';
import { type DatasetStatistics, datasetStatistics } from '../data/statistics.ts';
import type { Dataset, Episode } from '../data/types.ts';
import type { EnergyTrainingConfig } from './config.ts';
import { badPatch } from './errors.ts';

/** Contexts and the action chunks that belong to them, frame by frame. */
export interface Frames {
  readonly count: number;
  /** f32[count, tokens, contextDim]. */
  readonly context: Value;
  /** bool[count, tokens]; true where there is no token. */
  readonly padMask: Value;
  /** f32[count, horizon, actionDim], normalised to about [−1, 1]. */
  readonly actions: Value;
  /** The task of every frame. */
  readonly tasks: readonly string[];
  /** The number of the episode that every frame belongs to. */
  readonly episodes: readonly number[];
}

/** Turns episodes into frames, the same way every time. */
export interface ContextEncoder {
  readonly tokens: number;
  encode(episodes: readonly number[]): Promise<Frames>;
}

/** Frames that go through the encoder at once. */
const chunk = 64;
/** Words of an instruction that are looked at. */
const maxWords = 12;
/** Rows of the table of word embeddings; words share rows by hash. */
const vocabulary = 1024;

/** FNV-1a, to a row of the table. */
function wordId(word: string): number {
  let hash = 0x811c9dc5;
  for (const character of word.toLowerCase()) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  return (hash >>> 0) % vocabulary;
}

const wordsOf = (task: string): number[] =>
  task
    .split(/\W+/)
    .filter((word) => word !== '')
    .slice(0, maxWords)
    .map(wordId);

/** Fixed random weights with unit variance of the sums that they form. */
const features = (key: Value, inputs: number, outputs: number): Value =>
  random.normal(key, [inputs, outputs]).mul(Math.sqrt(1 / inputs));

/**
 * An encoder for one data set. States and actions are normalised by the statistics of `trainEpisodes`.
 *
 * @throws `patch-size`.
 */
export async function contextEncoder(
  dataset: Dataset,
  config: EnergyTrainingConfig,
  trainEpisodes: readonly number[],
): Promise<ContextEncoder> {
  const { patch, contextDim, history } = config;
  for (const { key, height, width } of dataset.cameras) {
    if (height % patch !== 0 || width % patch !== 0) throw badPatch(key, height, width, patch);
  }
  const statistics = await datasetStatistics(dataset, trainEpisodes);
  const perCamera = dataset.cameras.map((c) => (c.height / patch) * (c.width / patch));
  const tokens = perCamera.reduce((a, b) => a + b, 0) + history + maxWords;
  const [stateKey, patchKey, wordKey, kindKey] = splitKey(random.key(config.seed + 1));
  const weights = {
    state: features(stateKey, dataset.stateDim, contextDim),
    patches: features(patchKey, patch * patch * 3, contextDim),
    words: random.normal(wordKey, [vocabulary, contextDim]),
    kinds: random.normal(kindKey, [dataset.cameras.length + 2, contextDim]),
  };
  const encodeChunk = jit((w: typeof weights, inputs: ChunkInputs) =>
    tokensOf(w, inputs, patch, contextDim),
  );
  return {
    tokens,
    encode: async (episodes) => {
      const frames = await readFrames(dataset, episodes, config, statistics);
      const parts: Float32Array[] = [];
      for (let start = 0; start < frames.count; start += chunk) {
        const inputs = chunkInputs(dataset, frames, start, history);
        const encoded = encodeChunk(weights, inputs);
        parts.push(new Float32Array(await encoded.data()));
      }
      return assemble(frames, parts, tokens, contextDim, dataset.actionDim, config.horizon);
    },
  };
}

function splitKey(key: Value): [Value, Value, Value, Value] {
  const keys = random.split(key, 4);
  const nth = (i: number): Value => keys.get(i);
  return [nth(0), nth(1), nth(2), nth(3)];
}

/** What one call of the encoder sees. */
interface ChunkInputs {
  /** f32[chunk, history, stateDim]. */
  readonly states: Value;
  /** f32[chunk, height, width, 3] per camera, in [−1, 1]. */
  readonly images: readonly Value[];
  /** i32[chunk, maxWords]. */
  readonly words: Value;
}

/** f32[chunk, tokens, contextDim]. */
function tokensOf(
  weights: { state: Value; patches: Value; words: Value; kinds: Value },
  { states, images, words }: ChunkInputs,
  patch: number,
  dim: number,
): Value {
  const kind = (i: number): Value => weights.kinds.get(i);
  const place = (x: Value, i: number): Value =>
    x.add(positionalEncoding(x.shape[1] ?? 1, dim)).add(kind(i));
  const stateTokens = place(np.tanh(np.matmul(states, weights.state)), 0);
  const wordTokens = place(np.take(weights.words, words, { axis: 0 }), 1);
  const imageTokens = images.map((image, i) =>
    place(np.tanh(np.matmul(patchesOf(image, patch), weights.patches).mul(4)), i + 2),
  );
  return np.concatenate([...imageTokens, stateTokens, wordTokens], { axis: 1 });
}

/** f32[frames, patches, patch·patch·3], row by row of patches. */
function patchesOf(image: Value, patch: number): Value {
  const [frames = 1, height = 1, width = 1] = image.shape;
  const grid = image.reshape([frames, height / patch, patch, width / patch, patch, 3]);
  return grid
    .transpose([0, 1, 3, 2, 4, 5])
    .reshape([frames, (height / patch) * (width / patch), patch * patch * 3]);
}

/** Episodes laid end to end. */
interface HostFrames {
  readonly count: number;
  readonly states: Float32Array;
  readonly images: readonly Uint8Array[];
  readonly actions: Float32Array;
  readonly tasks: string[];
  readonly episodes: number[];
  /** First frame of the episode that each frame belongs to. */
  readonly starts: number[];
}

async function readFrames(
  dataset: Dataset,
  indices: readonly number[],
  { horizon }: EnergyTrainingConfig,
  statistics: DatasetStatistics,
): Promise<HostFrames> {
  const episodes: Episode[] = [];
  for (const index of indices) episodes.push(await readEpisode(dataset, index));
  const count = episodes.reduce((sum, episode) => sum + episode.length, 0);
  const perChunk = horizon * dataset.actionDim;
  const frames = {
    count,
    states: new Float32Array(count * dataset.stateDim),
    images: dataset.cameras.map((c) => new Uint8Array(count * c.height * c.width * 3)),
    actions: new Float32Array(count * perChunk),
    tasks: [] as string[],
    episodes: [] as number[],
    starts: [] as number[],
  };
  let row = 0;
  for (const episode of episodes) {
    frames.states.set(normalise(episode.state, statistics.state), row * dataset.stateDim);
    const { chunks } = actionChunks(episode, horizon);
    frames.actions.set(normalise(chunks, statistics.actions), row * perChunk);
    dataset.cameras.forEach(({ key, height, width }, i) => {
      const pixels = episode.images[key] ?? new Uint8Array(0);
      frames.images[i]?.set(pixels, row * height * width * 3);
    });
    for (let t = 0; t < episode.length; t++) {
      frames.tasks.push(episode.task);
      frames.episodes.push(episode.index);
      frames.starts.push(row);
    }
    row += episode.length;
  }
  return frames;
}

/** Values moved so that the 1 % and 99 % quantiles of their dimension lie at −1 and 1. */
export function normalise(
  values: Float32Array,
  { q01, q99 }: { readonly q01: readonly number[]; readonly q99: readonly number[] },
): Float32Array {
  const width = q01.length;
  return values.map((value, i) => {
    const low = q01[i % width] ?? -1;
    const high = q99[i % width] ?? 1;
    return high - low < 1e-6 ? value - low : (2 * (value - low)) / (high - low) - 1;
  });
}

/** The frames from `start` on, the last one repeated to fill the chunk, so that one program serves all. */
function chunkInputs(
  dataset: Dataset,
  frames: HostFrames,
  start: number,
  history: number,
): ChunkInputs {
  const rows = Array.from({ length: chunk }, (_, i) => Math.min(start + i, frames.count - 1));
  const { stateDim } = dataset;
  const states = new Float32Array(chunk * history * stateDim);
  const words = new Int32Array(chunk * maxWords);
  rows.forEach((row, i) => {
    const first = frames.starts[row] ?? 0;
    for (let h = 0; h < history; h++) {
      const from = Math.max(first, row - h) * stateDim;
      states.set(frames.states.subarray(from, from + stateDim), (i * history + h) * stateDim);
    }
    words.set(wordsOf(frames.tasks[row] ?? ''), i * maxWords);
  });
  const images = dataset.cameras.map(({ height, width }, camera) => {
    const size = height * width * 3;
    const all = frames.images[camera] ?? new Uint8Array(0);
    const data = new Float32Array(chunk * size);
    rows.forEach((row, i) => {
      for (let p = 0; p < size; p++) data[i * size + p] = (all[row * size + p] ?? 0) / 127.5 - 1;
    });
    return np.array(data).reshape([chunk, height, width, 3]);
  });
  return {
    states: np.array(states).reshape([chunk, history, stateDim]),
    images,
    words: np.array(words).reshape([chunk, maxWords]),
  };
}

function assemble(
  frames: HostFrames,
  parts: readonly Float32Array[],
  tokens: number,
  dim: number,
  actionDim: number,
  horizon: number,
): Frames {
  const perFrame = tokens * dim;
  const context = new Float32Array(frames.count * perFrame);
  parts.forEach((part, i) => {
    const offset = i * chunk * perFrame;
    context.set(part.subarray(0, Math.min(part.length, context.length - offset)), offset);
  });
  const padMask = new Uint8Array(frames.count * tokens);
  frames.tasks.forEach((task, row) => {
    padMask.fill(1, row * tokens + tokens - maxWords + wordsOf(task).length, (row + 1) * tokens);
  });
  return {
    count: frames.count,
    context: np.array(context).reshape([frames.count, tokens, dim]),
    padMask: np.array(padMask, { dtype: 'bool' }).reshape([frames.count, tokens]),
    actions: np.array(frames.actions).reshape([frames.count, horizon, actionDim]),
    tasks: frames.tasks,
    episodes: frames.episodes,
  };
}
