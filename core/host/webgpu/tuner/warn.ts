/** Warnings: what is worth knowing, and no reason to stop. */

/** Shows a warning to whoever runs the program. */
export function warn(message: string): void {
  const host: { process?: { emitWarning?: (message: string, type: string) => void } } =
    globalThis as object;
  if (host.process?.emitWarning !== undefined) host.process.emitWarning(message, 'enerjax');
  else console.warn(`enerjax: ${message}`);
}
