/** Descriptions of arrays, for looking at a program without running it. */
import { type Aval, makeAval, type Shape, showAval } from '../core/base/aval.ts';
import type { DType } from '../core/base/dtype.ts';

/** Shape and dtype of an array: what {@link evalShape} returns, and an argument that has no elements. */
export class ArraySpec {
  readonly aval: Aval;

  constructor(aval: Aval) {
    this.aval = aval;
  }

  /** Sizes of the axes, outermost first. */
  get shape(): Shape {
    return this.aval.shape;
  }

  /** The element type. */
  get dtype(): DType {
    return this.aval.dtype;
  }

  /** `f32[2, 3]`. */
  toString(): string {
    return showAval(this.aval);
  }
}

/** The description of an array. `makeProgram(f)(arraySpec([8, 3]))` stages `f` without making one. */
export const arraySpec = (shape: Shape, dtype: DType = 'float32'): ArraySpec =>
  new ArraySpec(makeAval(shape, dtype));

/** The same under JAX's name for it: `shapeDtypeStruct([8, 3], 'int32')`. */
export const shapeDtypeStruct = arraySpec;

/** The type of {@link shapeDtypeStruct}'s results. */
export type ShapeDtypeStruct = ArraySpec;
