/** What a robot data set is, once read. */

/** What info.json says of one column. */
export interface Feature {
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** The part of `meta/info.json` that is used. */
export interface DatasetInfo {
  readonly version: string;
  readonly robotType: string | null;
  /** Control steps per second. */
  readonly fps: number;
  readonly totalEpisodes: number;
  readonly totalFrames: number;
  readonly chunksSize: number;
  /** Where an episode's file is, as a Python format string. */
  readonly dataPath: string;
  readonly features: Readonly<Record<string, Feature>>;
}

/** One line of `meta/episodes.jsonl`. */
export interface EpisodeInfo {
  readonly index: number;
  /** What the robot was told; the first of the tasks that the episode lists. */
  readonly task: string;
  /** Control steps. */
  readonly length: number;
}

/** A data set whose metadata was read and checked; the episodes are read one by one. */
export interface Dataset {
  readonly folder: string;
  readonly info: DatasetInfo;
  /** Instructions by task index. */
  readonly tasks: ReadonlyMap<number, string>;
  readonly episodes: readonly EpisodeInfo[];
  /** The column of the robot's state, `observation.state` or `state`, and its width. */
  readonly stateKey: string;
  readonly stateDim: number;
  /** The column of the actions, `action` or `actions`, and its width. */
  readonly actionKey: string;
  readonly actionDim: number;
  /** Image columns with their sizes, in the order of info.json. */
  readonly cameras: readonly Camera[];
}

/** An image column. */
export interface Camera {
  readonly key: string;
  readonly height: number;
  readonly width: number;
}

/** One demonstration. Row t of each array is control step t. */
export interface Episode {
  readonly index: number;
  readonly task: string;
  readonly length: number;
  readonly stateDim: number;
  readonly actionDim: number;
  /** f32[length, stateDim]. */
  readonly state: Float32Array;
  /** f32[length, actionDim]. */
  readonly actions: Float32Array;
  /** u8[length, height, width, 3] by column name; empty if images were not asked for. */
  readonly images: Readonly<Record<string, Uint8Array>>;
  /** f32[length], seconds from the start of the episode. */
  readonly timestamps: Float32Array;
}
