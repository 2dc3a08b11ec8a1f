/** Errors of the vision encoder. */
import { type Aval, showAval } from '../../core/base/aval.ts';
import { defineError } from '../../core/base/errors.ts';

/** Images that do not fall into whole patches, or into another number than there are positions. */
export const imageSize = defineError({
  code: 'image-size',
  what: (image: Aval, patch: number, positions: number) =>
    `siglip: ${showAval(image)} is not [batch, height, width, 3] with ${positions} patches of ${patch}×${patch}`,
  fix: (_image, patch) =>
    `pass images whose height and width are multiples of ${patch}, as many patches as pos_embedding has rows; preprocessObservation resizes them`,
  example: {
    fails: `const config = siglipConfig('mu/14');
const params = nn.initParams(siglipSpec(config, { positions: 4, outputs: 8 }), random.key(0));
siglip(params, config, np.zeros([1, 30, 28, 3]))`,
    works: `const config = siglipConfig('mu/14');
const params = nn.initParams(siglipSpec(config, { positions: 4, outputs: 8 }), random.key(0));
siglip(params, config, np.zeros([1, 28, 28, 3]))`,
  },
});
