/** ONNX models, written node by node to the protobuf that onnxruntime reads. */
import type { Input } from '../inputs.ts';

type Attribute = number | string | readonly number[];

/** Writes a model: values are names. */
export interface Graph {
  /**
   * The first value of an operator with these operands, of which `''` leaves an optional one out.
   *
   * @param outputs - How many values the operator must have. Default 1.
   */
  op(
    type: string,
    operands: readonly string[],
    attributes?: Readonly<Record<string, Attribute>>,
    outputs?: number,
  ): string;
  /** A constant of 64-bit integers, such as axes. */
  integers(values: readonly number[]): string;
  /** A constant float scalar. */
  number(value: number): string;
}

/** A case as an ONNX graph: the names of its results. */
export type OnnxProgram = (
  graph: Graph,
) => (...inputs: readonly string[]) => string | readonly string[];

/** Protobuf fields: a key, then a varint or so many bytes. */
class Message {
  readonly #bytes: number[] = [];

  varint(field: number, value: number): this {
    this.#key(field, 0);
    this.#number(value);
    return this;
  }

  bytes(field: number, value: Uint8Array | string | Message): this {
    const raw = value instanceof Message ? value.#bytes : bytesOf(value);
    this.#key(field, 2);
    this.#number(raw.length);
    for (const byte of raw) this.#bytes.push(byte);
    return this;
  }

  float(field: number, value: number): this {
    this.#key(field, 5);
    this.#bytes.push(...new Uint8Array(Float32Array.of(value).buffer));
    return this;
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  #key(field: number, wire: number): void {
    this.#number(field * 8 + wire);
  }

  /** Seven bits a byte, the low ones first; negative numbers as 64-bit two's complement. */
  #number(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    do {
      const low = Number(rest & 127n);
      rest >>= 7n;
      this.#bytes.push(rest > 0n ? low | 128 : low);
    } while (rest > 0n);
  }
}

const bytesOf = (value: Uint8Array | string): Uint8Array =>
  typeof value === 'string' ? new TextEncoder().encode(value) : value;

const float32 = 1;
const int32 = 6;
const int64 = 7;
const irVersion = 10;
const operatorSet = 21;

// The field numbers are those of onnx.proto.
const tensor = (name: string, type: number, shape: readonly number[], raw: Uint8Array): Message => {
  const message = new Message();
  for (const size of shape) message.varint(1, size);
  return message.varint(2, type).bytes(8, name).bytes(9, raw);
};

function attribute(name: string, value: Attribute): Message {
  const message = new Message().bytes(1, name);
  if (typeof value === 'string') return message.bytes(4, value).varint(20, 3);
  if (typeof value === 'number') {
    return Number.isInteger(value)
      ? message.varint(3, value).varint(20, 2)
      : message.float(2, value).varint(20, 1);
  }
  for (const one of value) message.varint(8, one);
  return message.varint(20, 7);
}

function valueInfo(name: string, type: number, shape: readonly number[]): Message {
  const dims = new Message();
  for (const size of shape) dims.bytes(1, new Message().varint(1, size));
  const tensorType = new Message().varint(1, type).bytes(2, dims);
  return new Message().bytes(1, name).bytes(2, new Message().bytes(1, tensorType));
}

/** The model of a case: its inputs are called x0, x1 and so on. */
export function onnxModel(
  program: OnnxProgram,
  inputs: readonly Input[],
): { readonly model: Uint8Array; readonly outputs: readonly string[] } {
  const graph = new Message();
  let count = 0;
  const fresh = (): string => `v${count++}`;
  const constant = (type: number, shape: readonly number[], raw: ArrayBufferLike): string => {
    const name = fresh();
    graph.bytes(5, tensor(name, type, shape, new Uint8Array(raw)));
    return name;
  };
  const names = inputs.map((_, i) => `x${i}`);
  const results = program({
    op(type, operands, attributes = {}, outputs = 1) {
      const name = fresh();
      const node = new Message();
      for (const operand of operands) node.bytes(1, operand);
      node.bytes(2, name);
      for (let i = 1; i < outputs; i++) node.bytes(2, fresh());
      node.bytes(4, type);
      for (const [key, value] of Object.entries(attributes)) node.bytes(5, attribute(key, value));
      graph.bytes(1, node);
      return name;
    },
    integers: (values) =>
      constant(int64, [values.length], BigInt64Array.from(values.map(BigInt)).buffer),
    number: (value) => constant(float32, [], Float32Array.of(value).buffer),
  })(...names);
  const outputs = typeof results === 'string' ? [results] : results;
  graph.bytes(2, 'case');
  for (const [i, { kind, shape }] of inputs.entries()) {
    graph.bytes(11, valueInfo(`x${i}`, kind === 'index' ? int32 : float32, shape));
  }
  for (const name of outputs) graph.bytes(12, new Message().bytes(1, name));
  const model = new Message()
    .varint(1, irVersion)
    .bytes(7, graph)
    .bytes(8, new Message().bytes(1, '').varint(2, operatorSet));
  return { model: model.finish(), outputs };
}
