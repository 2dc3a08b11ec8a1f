// Exits 0 if Node finds a WebGPU adapter whose results are right, else 1 with the reason.
// The object from create() stays on globalThis: once it is collected, the process dies.

const size = 1024;
const shader = `
@group(0) @binding(0) var<storage, read_write> values: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  values[id.x] = values[id.x] * 2 + 1;
}`;

async function firstWrongResult() {
  const { create, globals } = await import('webgpu');
  Object.assign(globalThis, globals);
  globalThis.gpu = create([]);
  const adapter = await globalThis.gpu.requestAdapter();
  if (adapter === null) return 'no adapter';
  const device = await adapter.requestDevice();
  const usage = GPUBufferUsage;
  const values = device.createBuffer({
    size: size * 4,
    usage: usage.STORAGE | usage.COPY_SRC | usage.COPY_DST,
  });
  const copy = device.createBuffer({ size: size * 4, usage: usage.MAP_READ | usage.COPY_DST });
  device.queue.writeBuffer(
    values,
    0,
    Float32Array.from({ length: size }, (_, i) => i),
  );
  const pipeline = device.createComputePipeline({
    layout: 'auto',
    compute: { module: device.createShaderModule({ code: shader }) },
  });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(
    0,
    device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [{ binding: 0, resource: { buffer: values } }],
    }),
  );
  pass.dispatchWorkgroups(size / 64);
  pass.end();
  encoder.copyBufferToBuffer(values, 0, copy, 0, size * 4);
  device.queue.submit([encoder.finish()]);
  await copy.mapAsync(GPUMapMode.READ);
  const wrong = new Float32Array(copy.getMappedRange()).findIndex((x, i) => x !== 2 * i + 1);
  const { vendor, architecture, description } = adapter.info;
  console.log(`adapter: ${vendor} | ${architecture} | ${description}`);
  return wrong === -1 ? null : `wrong result at ${wrong}`;
}

const problem = await firstWrongResult().catch((error) => String(error));
if (problem !== null) {
  console.log(problem);
  process.exit(1);
}
