/** Ctrl-C. */

/**
 * Calls `onInterrupt` at the first SIGINT or SIGTERM. From then on, and after the returned function was
 * called, they do again what they do by default: they end the process at once, whatever it is busy with.
 */
export function onceInterrupted(onInterrupt: () => void): () => void {
  const stop = (): void => {
    process.off('SIGINT', heard);
    process.off('SIGTERM', heard);
  };
  const heard = (): void => {
    stop();
    onInterrupt();
  };
  process.on('SIGINT', heard);
  process.on('SIGTERM', heard);
  return stop;
}
