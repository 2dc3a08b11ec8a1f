/** Finds a GPU: the browser's, or Dawn's in Node. */
import { type AdapterFacts, classOf } from '../../emit/wgsl/parameters.ts';
import { noAdapter, nullBackend } from './errors.ts';
import { fragmentFactsOf, fragmentFeature } from './probe-fragments.ts';

/**
 * Switches of Dawn, the WebGPU of Node and Chrome, all off unless asked for: `vulkan_enable_f16_on_nvidia` trusts
 * drivers that had faults; `allow_unsafe_apis` offers features that are no standard yet, such as subgroup matrices;
 * `skip_validation` saves microseconds per launch.
 */
export type DawnToggle =
  | 'vulkan_enable_f16_on_nvidia'
  | 'allow_unsafe_apis'
  | 'skip_validation'
  | 'disable_robustness';

/** How to look for a GPU. */
export interface AdapterOptions {
  /**
   * Whether 16-bit floats are computed with natively on NVIDIA GPUs under Vulkan, where Dawn distrusts drivers: the
   * toggle `vulkan_enable_f16_on_nvidia`. In a browser this has no effect: it has flags of its own. Default: false.
   */
  readonly allowF16OnNvidia?: boolean;
  /**
   * Whether features may be used that are no standard yet, such as products of matrices by subgroups: the toggle
   * `allow_unsafe_apis`. In a browser this has no effect: Chrome has `--enable-unsafe-webgpu`. Default: false.
   */
  readonly allowUnsafeApis?: boolean;
  /** Further switches of the `webgpu` package in Node; without effect in a browser. Default: none. */
  readonly toggles?: readonly DawnToggle[];
  /** Options of the `webgpu` package in Node, such as `backend=vulkan`. */
  readonly dawnOptions?: readonly string[];
  /** In a laptop with two GPUs, which. Default: the fast one. */
  readonly powerPreference?: 'high-performance' | 'low-power';
}

/** Whether this machine has an adapter, and if not, why. */
export interface AdapterAvailability {
  readonly available: boolean;
  /** Empty if there is one. */
  readonly why: string;
}

/** The exports of the `webgpu` package that are used here. */
interface DawnModule {
  create(options: string[]): GPU;
}

const isDawnModule = (module: unknown): module is DawnModule =>
  typeof module === 'object' && module !== null && 'create' in module;

/** Objects from `create()` by their options. Once one is collected, the process dies, so none ever is. */
const entryPoints = new Map<string, GPU>();

async function entryPoint(dawnOptions: readonly string[]): Promise<GPU> {
  const refused = dawnOptions.find((option) => option.replaceAll(' ', '') === 'backend=null');
  if (refused !== undefined) throw nullBackend(refused);
  const host: { navigator?: { gpu?: GPU } } = globalThis as object;
  if (host.navigator?.gpu !== undefined) return host.navigator.gpu;
  const key = dawnOptions.join();
  const known = entryPoints.get(key);
  if (known !== undefined) return known;
  const made = (await importDawn()).create([...dawnOptions]);
  entryPoints.set(key, made);
  return made;
}

async function importDawn(): Promise<DawnModule> {
  const host: { process?: { versions?: { node?: string } } } = globalThis as object;
  if (host.process?.versions?.node === undefined) {
    throw noAdapter(
      'this browser has no navigator.gpu (it exists on https and localhost pages only)',
    );
  }
  // The name is no literal, so that bundlers for browsers do not look for the package.
  const packageName: string = 'webgpu';
  try {
    const module: unknown = await import(/* @vite-ignore */ packageName);
    if (isDawnModule(module)) return module;
  } catch (cause) {
    const why = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw noAdapter.at({ cause }, `the 'webgpu' package could not be loaded (${why})`);
  }
  throw noAdapter("the 'webgpu' package is of another version than this library knows");
}

/** What the `webgpu` package is made with: its own options, and the switches as one of them. */
export function dawnOptionsOf({
  dawnOptions = [],
  toggles = [],
  allowF16OnNvidia = false,
  allowUnsafeApis = false,
}: AdapterOptions): readonly string[] {
  const switches = new Set<DawnToggle>(toggles);
  if (allowF16OnNvidia) switches.add('vulkan_enable_f16_on_nvidia');
  if (allowUnsafeApis) switches.add('allow_unsafe_apis');
  return switches.size === 0
    ? dawnOptions
    : [...dawnOptions, `enable-dawn-features=${[...switches].join(',')}`];
}

/** An adapter. Each serves for one device. @throws `no-webgpu-adapter` */
export async function findAdapter(options: AdapterOptions = {}): Promise<GPUAdapter> {
  const { powerPreference = 'high-performance' } = options;
  const gpu = await entryPoint(dawnOptionsOf(options));
  let adapter: GPUAdapter | null;
  try {
    adapter = await gpu.requestAdapter({ powerPreference });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw noAdapter.at({ cause }, why);
  }
  if (adapter === null) {
    throw noAdapter('no Vulkan, Metal or Direct3D driver was found that WebGPU accepts');
  }
  return adapter;
}

/** Whether {@link findAdapter} would find one, for tests and for choosing a device. */
export async function adapterAvailability(
  options: AdapterOptions = {},
): Promise<AdapterAvailability> {
  try {
    await findAdapter(options);
    return { available: true, why: '' };
  } catch (error) {
    return { available: false, why: error instanceof Error ? error.message : String(error) };
  }
}

/** What an adapter says of itself. */
export function factsOf(adapter: GPUAdapter): AdapterFacts {
  const { info, features } = adapter;
  const { vendor, architecture, description, subgroupMinSize, subgroupMaxSize } = info;
  const hasHalves = features.has('shader-f16');
  const facts = { vendor, architecture, description, hasHalves };
  if (!features.has('subgroups')) return facts;
  const fragments = fragmentFactsOf(adapter);
  const subgroupSizes = [subgroupMinSize, subgroupMaxSize] as const;
  return { ...facts, subgroupSizes, ...(fragments && { fragments }) };
}

/** True if the adapter computes on the processor. */
export const isSoftwareAdapter = (adapter: GPUAdapter): boolean =>
  classOf(factsOf(adapter)) === 'software';

/** Limits that kernels run into; without asking, a device gets the least that WebGPU promises. */
const wantedLimits = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
] as const satisfies readonly (keyof GPUSupportedLimits)[];
const wantedFeatures: readonly GPUFeatureName[] = [
  'shader-f16',
  'subgroups',
  'timestamp-query',
  // No standard feature yet, and so unknown to the types.
  fragmentFeature as GPUFeatureName,
];

/** A device with all that the adapter offers and kernels can use. */
export function requestDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  return adapter.requestDevice({
    requiredFeatures: wantedFeatures.filter((feature) => adapter.features.has(feature)),
    requiredLimits: Object.fromEntries(wantedLimits.map((name) => [name, adapter.limits[name]])),
  });
}
