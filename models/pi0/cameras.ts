/** Cameras that a batch has nothing to show for. */

import type { Pi0Config } from './config.ts';
import { camerasIn, type Observation } from './observation.ts';

/**
 * The cameras that at least one row of the batch has a view of. The others need not be encoded: no token attends to
 * them and positions skip them, so that leaving them out (option `cameras`) gives the same results.
 *
 * @example
 * const cameras = await visibleCameras(config, observation);
 * const actions = sampleActions(params, config, key, observation, { cameras });
 */
export async function visibleCameras(
  config: Pi0Config,
  observation: Observation,
): Promise<readonly string[]> {
  const names: string[] = [];
  for (const { name, mask } of camerasIn(config, observation)) {
    const flags = await mask.data();
    if (flags.some((flag) => flag !== 0)) names.push(name);
  }
  return names;
}
