/** Errors of the energy model. */
import { type Aval, showAval } from '../../core/base/aval.ts';
import { defineError } from '../../core/base/errors.ts';

const list = (rows: readonly number[]): string =>
  rows.length > 8 ? `${rows.slice(0, 8).join(', ')}, … (${rows.length} in all)` : rows.join(', ');

const setup = `const config = energyConfig({ contextDim: 6, energyActDim: 2, hidden: 8, heads: 2 });
const params = nn.initParams(energySpec(config), random.key(0));`;

/** A context of nothing but padding. */
export const allPadding = defineError({
  code: 'context-all-padding',
  what: (op: string, rows: readonly number[]) =>
    `${op}: every context token is padding in ${rows.length === 1 ? 'row' : 'rows'} ${list(rows)} of padMask`,
  fix: 'leave these rows out of the batch, or check the sense of the mask: true marks padding: np.logicalNot(validMask)',
  example: {
    fails: `${setup}
energy(params, config, np.ones([1, 3, 6]), np.ones([1, 4, 2]), { padMask: np.array([[true, true, true]]) })`,
    works: `${setup}
energy(params, config, np.ones([1, 3, 6]), np.ones([1, 4, 2]), { padMask: np.array([[false, false, true]]) })`,
  },
});

/** A mask that is not of booleans. */
export const maskNotBool = defineError({
  code: 'pad-mask-not-bool',
  what: (op: string, aval: Aval) => `${op}: padMask must be bool, got ${showAval(aval)}`,
  fix: "convert it, true marking padding: padMask.astype('bool')",
  example: {
    fails: `${setup}
energy(params, config, np.ones([1, 3, 6]), np.ones([1, 4, 2]), { padMask: np.zeros([1, 3]) })`,
    works: `${setup}
energy(params, config, np.ones([1, 3, 6]), np.ones([1, 4, 2]), { padMask: np.zeros([1, 3]).astype('bool') })`,
  },
});

/** A configuration value that makes no model. */
export const badEnergyConfig = defineError({
  code: 'energy-config',
  what: (field: string, value: string, needs: string) =>
    `energyConfig: ${field} is ${value}, but must be ${needs}`,
  fix: (field, _value, needs) => `set ${field} to ${needs}`,
  example: {
    fails: 'energyConfig({ contextDim: 6, layers: -1 })',
    works: 'energyConfig({ contextDim: 6, layers: 2 })',
  },
});

/** An option of the correction that cannot be meant. */
export const badCorrection = defineError({
  code: 'energy-correction-option',
  what: (option: string, value: number, needs: string) =>
    `energy correction: ${option} is ${value}, but must be ${needs}`,
  fix: (option, _value, needs) => `set ${option} to ${needs}`,
  example: {
    fails: `${setup}
multiStepEnergyCorrection(params, np.ones([1, 3, 6]), np.ones([1, 4, 2]), { numSteps: 1.5 })`,
    works: `${setup}
multiStepEnergyCorrection(params, np.ones([1, 3, 6]), np.ones([1, 4, 2]), { numSteps: 2 })`,
  },
});
