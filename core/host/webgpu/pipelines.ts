/** Pipelines by their text: equal kernels of all programs share one. */
import type { CallSite } from '../../base/call-site.ts';
import type { EnerjaxError } from '../../base/errors.ts';
import type { WgslKernel } from '../../emit/wgsl/emit.ts';
import type { Grid } from '../../emit/wgsl/grid.ts';
import type { NamedLayout } from './bind-groups.ts';
import { kernelRefused } from './errors.ts';
import type { Failures } from './failures.ts';

/** A kernel that is ready to be launched, or was refused. */
export interface Pipeline {
  /** Null until it is compiled. */
  pipeline: GPUComputePipeline | null;
  /** Settled once {@link pipeline} is there. */
  grid: Grid;
  readonly layout: NamedLayout;
  /** Resolves when it is compiled or refused; null once it is. */
  pending: Promise<void> | null;
  /** Why the driver refused it, once that is known. */
  refusal: EnerjaxError | null;
}

const computeStage = 0x4;

/** Tells kernels apart. Those of the same text may still differ in how many workgroups they are launched with. */
export const keyOf = ({ code, grid }: WgslKernel): string => `${grid.join()} ${code}`;

/** Makes and keeps pipelines. */
export class Pipelines {
  readonly #device: GPUDevice;
  readonly #failures: Failures;
  readonly #byKey = new Map<string, Pipeline>();
  readonly #layouts = new Map<string, { layout: NamedLayout; pipeline: GPUPipelineLayout }>();

  constructor(device: GPUDevice, failures: Failures) {
    this.#device = device;
    this.#failures = failures;
  }

  /** The number of distinct kernels so far. */
  get size(): number {
    return this.#byKey.size;
  }

  /** The pipeline of this kernel, which is compiled while others are. A refusal by the driver is reported later. */
  get(kernel: WgslKernel, name: string, site: CallSite | null): Pipeline {
    const key = keyOf(kernel);
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const made = this.awaited(kernel);
    const refuse = (cause: { readonly message: string }): EnerjaxError => {
      made.refusal ??= kernelRefused.at({ site, cause }, name, cause.message.trim());
      return made.refusal;
    };
    const { checked, compiled } = this.#compile(kernel, name);
    this.#failures.watch(checked, refuse);
    made.pending = compiled
      .then((pipeline) => {
        made.pipeline = pipeline;
      })
      .catch((cause: unknown) => {
        const reason = cause instanceof Error ? cause : new Error(String(cause));
        this.#failures.report(refuse(reason));
      })
      .finally(() => {
        made.pending = null;
      });
    this.#failures.await(made.pending);
    this.#byKey.set(key, made);
    return made;
  }

  /** The pipeline of a kernel that need not run: null if the driver refuses it. It is not kept. */
  async attempt(kernel: WgslKernel, name: string): Promise<GPUComputePipeline | null> {
    const { checked, compiled } = this.#compile(kernel, name);
    const [error, pipeline] = await Promise.all([
      checked.catch((cause: unknown) => cause),
      compiled.catch(() => null),
    ]);
    return error === null ? pipeline : null;
  }

  /** What launches that use this kernel, or another with the same bindings, can refer to before it is compiled. */
  awaited(kernel: WgslKernel): Pipeline {
    const { layout } = this.#layout(kernel);
    return { layout, grid: kernel.grid, refusal: null, pipeline: null, pending: null };
  }

  #compile(
    kernel: WgslKernel,
    name: string,
  ): {
    readonly checked: Promise<GPUError | null>;
    readonly compiled: Promise<GPUComputePipeline>;
  } {
    const device = this.#device;
    const { pipeline: layout } = this.#layout(kernel);
    device.pushErrorScope('validation');
    const module = device.createShaderModule({ label: name, code: kernel.code });
    const checked = device.popErrorScope();
    const compute = { module, entryPoint: 'main' };
    return {
      checked,
      compiled: device.createComputePipelineAsync({ label: name, layout, compute }),
    };
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
