/** Run by device.test.ts in a process whose environment hides all drivers. */
import { adapterAvailability, createWebGpuDevice } from '../../core/host/webgpu/device.ts';

const { available } = await adapterAvailability();
console.log(`available: ${available}`);
try {
  await createWebGpuDevice();
} catch (error) {
  console.log(String(error));
}
