/** Pipelines by their text: equal kernels of all programs share one. */
import type { CallSite } from '../../base/call-site.ts';
import type { EnerjaxError } from '../../base/errors.ts';
import type { WgslKernel } from '../../emit/wgsl/emit.ts';
import type { NamedLayout } from './bind-groups.ts';
import { kernelRefused } from './errors.ts';
import type { Failures } from './failures.ts';

/** A kernel that is ready to be launched, or was refused. */
export interface Pipeline {
  /** Null until it is compiled. */
  pipeline: GPUComputePipeline | null;
  readonly layout: NamedLayout;
  /** Resolves when it is compiled or refused; null once it is. */
  pending: Promise<void> | null;
  /** Why the driver refused it, once that is known. */
  refusal: EnerjaxError | null;
}

const computeStage = 0x4;

/** Makes and keeps pipelines. */
export class Pipelines {
  readonly #device: GPUDevice;
  readonly #failures: Failures;
  readonly #byText = new Map<string, Pipeline>();
  readonly #layouts = new Map<string, { layout: NamedLayout; pipeline: GPUPipelineLayout }>();

  constructor(device: GPUDevice, failures: Failures) {
    this.#device = device;
    this.#failures = failures;
  }

  /** The number of distinct kernels so far. */
  get size(): number {
    return this.#byText.size;
  }

  /** The pipeline of this kernel, which is compiled while others are. A refusal by the driver is reported later. */
  get(kernel: WgslKernel, name: string, site: CallSite | null): Pipeline {
    const known = this.#byText.get(kernel.code);
    if (known !== undefined) return known;
    const device = this.#device;
    const { layout, pipeline: pipelineLayout } = this.#layout(kernel);
    const made: Pipeline = { layout, refusal: null, pipeline: null, pending: null };
    const describe = (cause: { readonly message: string }): EnerjaxError => {
      made.refusal ??= kernelRefused.at({ site, cause }, name, cause.message.trim());
      return made.refusal;
    };
    device.pushErrorScope('validation');
    const module = device.createShaderModule({ label: name, code: kernel.code });
    this.#failures.watch(device.popErrorScope(), describe);
    const compute = { module, entryPoint: 'main' };
    const compiling = device
      .createComputePipelineAsync({ label: name, layout: pipelineLayout, compute })
      .then((pipeline) => {
        made.pipeline = pipeline;
      })
      .catch((cause: unknown) => {
        const reason = cause instanceof Error ? cause : new Error(String(cause));
        this.#failures.report(describe(reason));
      })
      .finally(() => {
        made.pending = null;
      });
    made.pending = compiling;
    this.#failures.await(compiling);
    this.#byText.set(kernel.code, made);
    return made;
  }

  /** Layouts differ only in which bindings are writable. */
  #layout({ bindings }: WgslKernel): { layout: NamedLayout; pipeline: GPUPipelineLayout } {
    const name = bindings.map(({ access }) => access[0]).join('');
    const known = this.#layouts.get(name);
    if (known !== undefined) return known;
    const layout = this.#device.createBindGroupLayout({
      entries: bindings.map(({ access }, binding) => ({
        binding,
        visibility: computeStage,
        buffer: { type: access === 'read' ? 'read-only-storage' : 'storage' },
      })),
    });
    const pipeline = this.#device.createPipelineLayout({ bindGroupLayouts: [layout] });
    const made = { layout: { name, layout }, pipeline };
    this.#layouts.set(name, made);
    return made;
  }
}
