/**
 * Matrix products whose operands are gathered while they are packed, as WebAssembly functions. A unit of work is a
 * block of the result: it makes tables of where its rows, columns and terms are, packs by them, and multiplies.
 */
import type { GatheredProduct, LoopKernel, OffsetMatrix } from '../../compile/kernel.ts';
import { matmulAsLoop } from '../../compile/matmul-as-loop.ts';
import { type Axis, type Expr, makeSource } from '../../ir/expr.ts';
import { axisPosition, scaleIndex } from '../../ir/index-algebra.ts';
import { assign, at, countUp, roundUp, smaller } from './assembly.ts';
import { gatherLhs, gatherRhs, markRuns } from './gather-panels.ts';
import { gemmFunctions, TILE_COLUMNS, TILE_ROWS } from './gemm.ts';
import {
  addLoopFunction,
  type EmitOptions,
  kernelSignature,
  scheduleLoops,
} from './loop-kernel.ts';
import { type DirectTarget, directTarget, MatmulFrame } from './matmul-frame.ts';
import { FunctionBuilder, ModuleBuilder } from './module.ts';
import { call, i32, i32Const, localGet } from './opcodes.ts';
import { type EmittedProgram, emitLoopProgram } from './program.ts';

/** Terms that are worked on at once, and rows that are packed at once. */
const DEPTH_BLOCK = 256;
const ROW_STEP = 64;
/** Units that there should be at least, so that threads finish together. */
const MIN_UNITS = 8;
/** What blocks of the longer side are not cut below. */
const MIN_BLOCK = 64;

/** Rows and columns of a block. */
interface Blocks {
  readonly rows: number;
  readonly columns: number;
  readonly units: number;
}

/** Blocks that stay in the cache, so that the longer side, which takes more packing, is packed once. */
export function blocksOf({ batch, rows, columns }: GatheredProduct): Blocks {
  const areRowsLong = rows.extent > columns.extent;
  const cut = (extent: number, most: number, unit: number): number =>
    roundUp(Math.ceil(extent / Math.ceil(extent / most)), unit);
  const blocksFor = (long: number): Blocks => {
    const height = cut(rows.extent, areRowsLong ? long : 512, TILE_ROWS);
    const width = cut(columns.extent, areRowsLong ? 512 : long, TILE_COLUMNS);
    const count = Math.ceil(rows.extent / height) * Math.ceil(columns.extent / width);
    return { rows: height, columns: width, units: batch.extent * count };
  };
  let long = 256;
  while (long > MIN_BLOCK && blocksFor(long).units < MIN_UNITS) long /= 2;
  return blocksFor(long);
}

/** True if packing would cost more than it saves. */
const isSlim = ({ rows, columns, terms }: GatheredProduct): boolean =>
  Math.min(rows.extent, columns.extent, terms.extent) <= 4;

/** A product of gathered operands, as plain loops if it is slim. */
export function emitGatheredProduct(kernel: GatheredProduct, options: EmitOptions): EmittedProgram {
  return isSlim(kernel)
    ? emitLoopProgram({ ...matmulAsLoop(kernel), buffers: kernel.buffers }, options)
    : new GatherWriter(kernel, options).program();
}

/** What a unit keeps in the memory of its thread, in bytes from the beginning. */
interface Rooms {
  readonly lhs: number;
  readonly rhs: number;
  readonly rows: number;
  readonly columns: number;
  readonly lhsTerms: number;
  readonly rhsTerms: number;
  readonly sums: number;
  readonly bytes: number;
}

function roomsFor(blocks: Blocks, depth: number, hasSums: boolean): Rooms {
  let bytes = 0;
  const room = (words: number): number => {
    const start = bytes;
    bytes += roundUp(4 * words, 64);
    return start;
  };
  return {
    lhs: room(ROW_STEP * depth),
    rhs: room(blocks.columns * depth),
    rows: room(blocks.rows),
    columns: room(blocks.columns),
    lhsTerms: room(depth),
    rhsTerms: room(depth),
    sums: room(hasSums ? blocks.rows * blocks.columns : 0),
    bytes,
  };
}

class GatherWriter {
  readonly #kernel: GatheredProduct;
  readonly #module: ModuleBuilder;
  readonly #relaxed: boolean;
  readonly #blocks: Blocks;
  readonly #direct: DirectTarget | null;
  readonly #frame: MatmulFrame;
  readonly #depth: number;
  readonly #rooms: Rooms;
  /** block(unit, scratch, table): one block of the result. */
  readonly #builder = new FunctionBuilder({ parameters: ['i32', 'i32', 'i32'], results: [] });
  readonly #locals = new Map<string, number>();
  readonly #markRuns: number;
  readonly #gatherLhs: number;
  readonly #gatherRhs: number;

  constructor(kernel: GatheredProduct, options: EmitOptions) {
    this.#kernel = kernel;
    this.#relaxed = options.relaxed ?? false;
    const imports = [{ name: 'multiply', signature: gemmFunctions.multiply }];
    this.#module = new ModuleBuilder({ shared: options.shared, imports });
    this.#markRuns = this.#module.add(markRuns());
    this.#gatherLhs = this.#module.add(gatherLhs());
    this.#gatherRhs = this.#module.add(gatherRhs());
    this.#blocks = blocksOf(kernel);
    this.#direct = directTarget(kernel, { rows: TILE_ROWS, columns: TILE_COLUMNS });
    const { columns } = this.#blocks;
    this.#frame = new MatmulFrame(kernel, this.#module, {
      relaxed: this.#relaxed,
      block: { columns, sumStride: columns },
    });
    this.#depth = Math.min(DEPTH_BLOCK, kernel.terms.extent);
    this.#rooms = roomsFor(this.#blocks, this.#depth, this.#direct === null);
  }

  program(): EmittedProgram {
    const { batch, rows, columns, terms, name } = this.#kernel;
    const { units, ...blocks } = this.#blocks;
    const block = this.#addBlock();
    const run = new FunctionBuilder(kernelSignature);
    run.code.push(
      ...countUp(0, localGet(1), 1, [...localGet(0), ...localGet(2), ...localGet(3)], call(block)),
    );
    this.#module.add(run, 'products');
    const bytes = this.#module.bytes();
    const unitCost = blocks.rows * blocks.columns * terms.extent * 0.025;
    return {
      bytes,
      launches: [{ name: 'products', units, unitCost, block: null }],
      needsGemm: true,
      scratchBytes: this.#rooms.bytes,
      sharedBytes: 0,
      text: `(module ;; ${name}, ${bytes.length} bytes\n  ;; ${batch.extent} × f32[${rows.extent}, ${terms.extent}] · f32[${terms.extent}, ${columns.extent}], gathered, ${units} blocks of ${blocks.rows}×${blocks.columns}, ${
        this.#direct === null ? 'epilogue per block' : 'sums in place'
      }\n)`,
    };
  }

  /** The local of this name. */
  #local(name: string): number {
    const local = this.#locals.get(name) ?? this.#builder.local('i32');
    this.#locals.set(name, local);
    return local;
  }

  #get = (name: string): number[] => localGet(this.#local(name));

  #set = (name: string, ...value: readonly (readonly number[])[]): number[] =>
    assign(this.#local(name), ...value);

  /** Address of a room. */
  #room = (name: keyof Rooms): number[] => [
    ...localGet(1),
    ...i32Const(this.#rooms[name]),
    ...i32.add,
  ];

  /** A function that writes byte offsets into a table, block by block. */
  #addTable(axis: Axis, offset: Expr, chunk: number): number {
    const table = makeSource('int32', axis.extent);
    const kernel: LoopKernel = {
      kind: 'loop',
      name: 'offsets',
      buffers: this.#kernel.buffers,
      parallel: [axis],
      stores: [
        {
          target: table,
          index: axisPosition(axis),
          value: scaleIndex(offset, 4),
          mode: 'set',
          guard: null,
          serial: [],
        },
      ],
    };
    const schedule = scheduleLoops(kernel, { merge: false, chunk });
    return addLoopFunction(this.#module, kernel, schedule, {
      scratchSource: table,
      relaxed: this.#relaxed,
    });
  }

  /** Fills the table in a room, whose first entry is that of position `first`. */
  #fill(table: number, room: keyof Rooms, first: string, chunk: number): number[] {
    const unit = [...this.#get(first), ...i32Const(chunk), ...i32.divU];
    const origin = [...this.#room(room), ...this.#get(first), ...i32Const(4), ...i32.mul];
    return [
      ...unit,
      ...unit,
      ...i32Const(1),
      ...i32.add,
      ...origin,
      ...i32.sub,
      ...localGet(2),
      ...call(table),
    ];
  }

  #pushFirst(operand: Pick<OffsetMatrix, 'source' | 'base'>): void {
    this.#frame.pushBase(this.#builder, 2, this.#local('batch'), operand);
  }

  #addBlock(): number {
    const { rows, columns, lhs, rhs } = this.#kernel;
    const { code } = this.#builder;
    const blocks = this.#blocks;
    const [across, down] = [
      Math.ceil(columns.extent / blocks.columns),
      Math.ceil(rows.extent / blocks.rows),
    ];
    const tables = {
      rows: this.#addTable(rows, lhs.along, blocks.rows),
      columns: this.#addTable(columns, rhs.along, blocks.columns),
    };
    const left = (axis: Axis, from: string, most: number): number[] =>
      smaller([...i32Const(axis.extent), ...this.#get(from), ...i32.sub], i32Const(most));
    const digit = (by: number, size: number, scale: number): number[] => [
      ...localGet(0),
      ...i32Const(by),
      ...i32.divU,
      ...i32Const(size),
      ...i32.remU,
      ...i32Const(scale),
      ...i32.mul,
    ];
    code.push(
      ...this.#set('column', digit(1, across, blocks.columns)),
      ...this.#set('row', digit(across, down, blocks.rows)),
      ...this.#set('batch', localGet(0), i32Const(across * down), i32.divU),
      ...this.#set('width', left(columns, 'column', blocks.columns)),
      ...this.#set('count', left(rows, 'row', blocks.rows)),
    );
    this.#pushFirst(lhs);
    code.push(...this.#set('lhs'));
    this.#pushFirst(rhs);
    code.push(...this.#set('rhs'));
    this.#pushOut();
    code.push(
      ...this.#set('out'),
      ...this.#fill(tables.rows, 'rows', 'row', blocks.rows),
      ...this.#fill(tables.columns, 'columns', 'column', blocks.columns),
      ...this.#room('rows'),
      ...this.#get('count'),
      ...call(this.#markRuns),
      ...this.#room('columns'),
      ...this.#get('width'),
      ...call(this.#markRuns),
      ...this.#sums(),
      ...this.#finish(),
    );
    return this.#module.add(this.#builder);
  }

  /** Pushes the address of the block's first sum. */
  #pushOut(): void {
    const { code } = this.#builder;
    const direct = this.#direct;
    if (direct === null) {
      code.push(...this.#room('sums'));
      return;
    }
    this.#pushFirst({ source: direct.target, base: direct.index });
    code.push(...this.#set('out'));
    code.push(
      ...at(at(this.#get('out'), this.#get('row'), direct.stride * 4), this.#get('column'), 4),
    );
  }

  /** Adds up the products, a part of the terms after the other. */
  #sums(): number[] {
    const { terms, lhs, rhs } = this.#kernel;
    const depth = this.#depth;
    const tables = {
      lhs: this.#addTable(terms, lhs.term, depth),
      rhs: this.#addTable(terms, rhs.term, depth),
    };
    const fill = (table: number, room: 'lhsTerms' | 'rhsTerms'): number[] => [
      ...this.#fill(table, room, 'k', depth),
      ...this.#room(room),
      ...this.#get('piece'),
      ...call(this.#markRuns),
    ];
    return [
      ...this.#set('k', i32Const(0)),
      ...countUp(
        this.#local('k'),
        i32Const(terms.extent),
        depth,
        this.#set(
          'piece',
          smaller([...i32Const(terms.extent), ...this.#get('k'), ...i32.sub], i32Const(depth)),
        ),
        fill(tables.lhs, 'lhsTerms'),
        fill(tables.rhs, 'rhsTerms'),
        this.#room('rhs'),
        this.#get('rhs'),
        this.#room('columns'),
        this.#room('rhsTerms'),
        this.#get('piece'),
        this.#get('width'),
        call(this.#gatherRhs),
        this.#rowSteps(),
      ),
    ];
  }

  /** Packs and multiplies a few rows after the other. */
  #rowSteps(): number[] {
    const r = this.#local('r');
    const stride = (this.#direct?.stride ?? this.#blocks.columns) * 4;
    return [
      ...this.#set('r', i32Const(0)),
      ...countUp(
        r,
        this.#get('count'),
        ROW_STEP,
        this.#set(
          'step',
          smaller([...this.#get('count'), ...this.#get('r'), ...i32.sub], i32Const(ROW_STEP)),
        ),
        this.#room('lhs'),
        this.#get('lhs'),
        at(this.#room('rows'), this.#get('r'), 4),
        this.#room('lhsTerms'),
        this.#get('piece'),
        this.#get('step'),
        call(this.#gatherLhs),
        this.#room('lhs'),
        this.#room('rhs'),
        at(this.#get('out'), this.#get('r'), stride),
        i32Const(stride),
        [...this.#get('step'), ...i32Const(1), ...i32.add, ...i32Const(1), ...i32.shrU],
        [...this.#get('width'), ...i32Const(15), ...i32.add, ...i32Const(4), ...i32.shrU],
        this.#get('piece'),
        [...this.#get('piece'), ...i32Const(TILE_COLUMNS * 4), ...i32.mul],
        [...this.#get('k'), ...i32.eqz],
        call(this.#module.importIndex('multiply')),
      ),
    ];
  }

  /** What becomes of the block's sums. */
  #finish(): number[] {
    if (this.#direct !== null) return [];
    const local = (name: string): number => this.#local(name);
    return this.#frame.callEpilogue(this.#frame.addEpilogue(), {
      table: 2,
      batch: local('batch'),
      column: local('column'),
      row: local('row'),
      count: local('count'),
      out: local('out'),
    });
  }
}
