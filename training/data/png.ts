/** PNG images to and from plain pixels. */

/** Pixels u8[height, width, 3] with their size. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** Turns PNG bytes into pixels. Throws what the decoder throws. */
export type PngDecoder = (bytes: Uint8Array) => Picture;

/** Turns pixels into PNG bytes, the same for the same pixels on every machine. */
export type PngEncoder = (picture: Picture) => Uint8Array;

/**
 * A decoder for PNG in 8 or 16 bits, grey or colour, or with a palette. Transparency is dropped, as
 * `Image.convert('RGB')` in Pillow does; 16-bit values keep their upper byte.
 */
export async function pngDecoder(): Promise<PngDecoder> {
  const { decode, convertIndexedToRgb } = await import('fast-png');
  return (bytes) => {
    const image = decode(bytes, { checkCrc: true });
    const { width, height, depth, palette } = image;
    if (depth < 8 && palette === undefined) throw new Error(`grey of ${depth} bits is not read`);
    const data = palette === undefined ? image.data : convertIndexedToRgb(image);
    const channels = data.length / (width * height);
    const shift = palette === undefined && depth === 16 ? 8 : 0;
    const isGrey = channels < 3;
    const pixels = new Uint8Array(width * height * 3);
    for (let i = 0; i < width * height; i++) {
      for (let c = 0; c < 3; c++) {
        pixels[3 * i + c] = (data[i * channels + (isGrey ? 0 : c)] ?? 0) >> shift;
      }
    }
    return { width, height, pixels };
  };
}

/** An encoder for 8-bit RGB. */
export async function pngEncoder(): Promise<PngEncoder> {
  const { encode } = await import('fast-png');
  return ({ width, height, pixels }) =>
    encode({ width, height, channels: 3, depth: 8, data: pixels }, { zlib: { level: 9 } });
}
