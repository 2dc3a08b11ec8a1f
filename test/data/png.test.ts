import { encode, type ImageData } from 'fast-png';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { pngDecoder, pngEncoder } from '../../training/data/png.ts';

const decode = await pngDecoder();

const pixelsOf = (image: Omit<ImageData, 'width' | 'height'>): number[] => [
  ...decode(encode({ width: 2, height: 1, ...image })).pixels,
];

test('grey, transparent, 16-bit and palette images all become RGB', () => {
  assert.equal(pixelsOf({ data: Uint8Array.of(7, 9), channels: 1 }), [7, 7, 7, 9, 9, 9]);
  assert.equal(pixelsOf({ data: Uint8Array.of(7, 255, 9, 0), channels: 2 }), [7, 7, 7, 9, 9, 9]);
  const rgba = Uint8Array.of(1, 2, 3, 255, 4, 5, 6, 0);
  assert.equal(pixelsOf({ data: rgba, channels: 4 }), [1, 2, 3, 4, 5, 6]);
  const deep = Uint16Array.of(0x1234, 0xff00);
  assert.equal(pixelsOf({ data: deep, channels: 1, depth: 16 }), [18, 18, 18, 255, 255, 255]);
  const palette: [number, number, number][] = [
    [1, 2, 3],
    [4, 5, 6],
  ];
  assert.equal(pixelsOf({ data: Uint8Array.of(1, 0), channels: 1, palette }), [4, 5, 6, 1, 2, 3]);
});

test('an encoded picture decodes to the same pixels', async () => {
  const encodePicture = await pngEncoder();
  const pixels = Uint8Array.from({ length: 5 * 3 * 3 }, (_, i) => (i * 37) % 256);
  assert.equal(decode(encodePicture({ width: 5, height: 3, pixels })), {
    width: 5,
    height: 3,
    pixels,
  });
});

test('a flipped bit is noticed by the checksum', async () => {
  const encodePicture = await pngEncoder();
  const bytes = encodePicture({ width: 2, height: 1, pixels: Uint8Array.of(1, 2, 3, 4, 5, 6) });
  // The last chunk is 12 bytes; before it is the checksum of the pixels.
  const at = bytes.length - 13;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  assert.throws(() => decode(bytes), /CRC/);
});

test.run();
