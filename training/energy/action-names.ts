/** What the numbers of an action are called. */
import { join } from 'node:path';
import { isJsonObject } from '../checkpoint/json-object.ts';
import { readJson } from '../data/json.ts';
import type { Dataset } from '../data/types.ts';

const textsIn = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((name): name is string => typeof name === 'string') : [];

/**
 * The names that the data set's info.json has for the numbers of an action, a list or one in an object
 * (`{"motors": […]}`); empty if it does not name them all.
 */
export async function actionNames(dataset: Dataset): Promise<readonly string[]> {
  const { features } = await readJson(join(dataset.folder, 'meta/info.json'));
  const feature = isJsonObject(features) ? features[dataset.actionKey] : undefined;
  const found = isJsonObject(feature) ? feature.names : undefined;
  const names = textsIn(isJsonObject(found) ? Object.values(found)[0] : found);
  return names.length === dataset.actionDim ? names : [];
}
