// Temporary: replaced by the WebAssembly device.
import type { Device } from '../device.ts';
import { createJsDevice } from '../js/device.ts';

/** The WebAssembly device. */
export const createWasmDevice = (_options?: { threads?: number; budgetBytes?: number }): Device =>
  createJsDevice();
