/** What the host's WebAssembly can do. */
import { FunctionBuilder, ModuleBuilder } from '../../emit/wasm/module.ts';
import { control, f32Const, f32x4 } from '../../emit/wasm/opcodes.ts';
import { nodeModule } from './node.ts';

function validates(...body: readonly (readonly number[])[]): boolean {
  const module = new ModuleBuilder({ shared: false });
  const builder = new FunctionBuilder({ parameters: [], results: [] });
  builder.code.push(...body.flat());
  module.add(builder, 'probe');
  return WebAssembly.validate(module.bytes());
}

const splat = [...f32Const(1), ...f32x4.splat];

/** True if vectors of four floats are there. */
export const hasSimd = (): boolean => validates(splat, control.drop);

let relaxed: boolean | null = null;

/** True if a multiplication and an addition can be one instruction. Node 20 has it behind a flag. */
export function hasRelaxedSimd(): boolean {
  if (relaxed !== null) return relaxed;
  const probe = (): boolean => validates(splat, splat, splat, f32x4.relaxedMadd, control.drop);
  if (!probe()) {
    try {
      nodeModule('node:v8')?.setFlagsFromString('--experimental-wasm-relaxed-simd');
    } catch {
      // A host that knows no such flag keeps separate instructions.
    }
  }
  relaxed = probe();
  return relaxed;
}

/** Processor cores that this process may use. */
export const coreCount = (): number => nodeModule('node:os')?.availableParallelism() ?? 1;
