/** Whether the GPU accepts what may fail without anybody being told. */

const filters = ['validation', 'internal', 'out-of-memory'] as const;

/** True if WebGPU has nothing against what `act` asks for. */
export async function isAccepted(device: GPUDevice, act: () => void): Promise<boolean> {
  for (const filter of filters) device.pushErrorScope(filter);
  let scopes: readonly Promise<GPUError | null>[] = [];
  try {
    act();
  } finally {
    scopes = filters.map(() => device.popErrorScope());
  }
  const errors = await Promise.all(scopes);
  return errors.every((error) => error === null);
}
