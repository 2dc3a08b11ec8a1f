/** Observations as the network takes them: cameras in order, images of one size, augmented in training. */
import { atCaller } from '../../core/base/call-site.ts';
import type { Value } from '../../core/ir/value.ts';
import * as random from '../../core/random/index.ts';
import { vmap } from '../../transforms/vmap.ts';
import { augmentImage } from './augment.ts';
import type { Pi0Config } from './config.ts';
import { camerasIn, checkObservation, type Observation } from './observation.ts';
import { resizeWithPad } from './resize.ts';

/** Options of {@link preprocessObservation}. */
export interface PreprocessOptions {
  /** Cameras to keep. Default: all of the configuration's. */
  readonly cameras?: readonly string[];
}

/**
 * The observation with the configuration's cameras, each image in its resolution; with a key, augmented.
 *
 * Cameras that the configuration does not know are dropped, and a missing image mask becomes all true.
 *
 * @param key - Decides the augmentation; null for none, as at inference.
 * @throws `missing-cameras`, `image-dtype`, `image-range`, `mask-not-bool`, `half-prompt`, `wrong-axes`,
 * `axis-disagrees`.
 */
export function preprocessObservation(
  config: Pi0Config,
  key: Value | null,
  observation: Observation,
  { cameras = config.imageKeys }: PreprocessOptions = {},
): Observation {
  return atCaller(() => {
    checkObservation(config, observation, cameras);
    const kept = camerasIn(config, observation).filter(({ name }) => cameras.includes(name));
    const images = kept.map(({ name, image }) => {
      const sized = resizeWithPad(image, config.imageResolution);
      return [name, key === null ? sized : augmented(key, name, sized)] as const;
    });
    return {
      ...observation,
      images: Object.fromEntries(images),
      imageMasks: Object.fromEntries(kept.map(({ name, mask }) => [name, mask])),
    };
  });
}

/** Every sample has a key of its own, the same for all its cameras. */
function augmented(key: Value, camera: string, images: Value): Value {
  const keys = random.split(key, images.shape[0] ?? 0);
  const isWrist = camera.includes('wrist');
  return vmap((own: Value, image: Value) => augmentImage(own, image, { isWrist }))(keys, images);
}
