/** Images brought to the encoder's size, their shape kept. */

import { resize } from '../../core/image/index.ts';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { dims } from '../../nn/dims.ts';
import { imageDType } from './errors.ts';

/** What is put around images: black. */
const black = -1;

/** How many rows or columns are missing, before and after; an odd one goes after. */
const margins = (wanted: number, got: number): readonly [number, number] => {
  const before = Math.floor((wanted - got) / 2);
  return [before, wanted - got - before];
};

/**
 * The images in another size: scaled until they fit, and padded with black.
 *
 * @param images - f32[batch, height, width, channels] in [−1, 1].
 * @throws `image-dtype` unless the images are of floats.
 * @see https://github.com/Physical-Intelligence/openpi, `shared/image_tools.py`.
 */
export function resizeWithPad(images: Value, [height, width]: readonly [number, number]): Value {
  dims('resizeWithPad', { images: [images, 'batch height width channels'] });
  if (images.dtype !== 'float32') throw imageDType('images', images.aval);
  const [batch = 0, fromHeight = 0, fromWidth = 0, channels = 0] = images.shape;
  if (fromHeight === height && fromWidth === width) return images;
  const ratio = Math.max(fromWidth / width, fromHeight / height);
  const [rows, columns] = [Math.trunc(fromHeight / ratio), Math.trunc(fromWidth / ratio)];
  const scaled = np.clip(resize(images, [batch, rows, columns, channels], 'linear'), -1, 1);
  const around = [[0, 0], margins(height, rows), margins(width, columns), [0, 0]] as const;
  return np.pad(scaled, around, { value: black });
}
