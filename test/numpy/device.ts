/** Puts the array API's tests on the device that ENERJAX_DEVICE names; the reference by default. */
import { type DeviceName, setDefaultDevice } from '../../core/host/runtime.ts';

const names: readonly DeviceName[] = ['js', 'wasm', 'webgpu'];

/** The device under test. */
export const device = await setDefaultDevice(
  names.find((name) => name === process.env.ENERJAX_DEVICE) ?? 'js',
);
