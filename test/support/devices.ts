/** The devices that a test runs on: those of this machine, or the one that ENERJAX_DEVICE names. */

import type { Device } from '../../core/host/device.ts';
import { type DeviceName, setDefaultDevice } from '../../core/host/runtime.ts';

/** True if the test runner found an adapter. */
export const hasWebGpu = process.env.ENERJAX_TEST_WEBGPU === '1';

/** True in `npm run test:full`: nothing is left out for the sake of time. */
export const isFull = process.env.ENERJAX_TEST_FULL === '1';

/** Names of the devices to test on, slowest last. */
export function testDevices(all: readonly DeviceName[] = ['js', 'wasm', 'webgpu']): DeviceName[] {
  const only = process.env.ENERJAX_DEVICE;
  return all.filter((name) => (only ? name === only : name !== 'webgpu' || hasWebGpu));
}

/** Makes programs run on this device. */
export const use = (name: DeviceName): Promise<Device> => setDefaultDevice(name);
