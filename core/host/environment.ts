/** What the environment variables of Node say about devices. */

/** The value of an environment variable; undefined in a browser or if it is unset or empty. */
export function environment(name: string): string | undefined {
  const host: { process?: { env?: Record<string, string | undefined> } } = globalThis as object;
  const value = host.process?.env?.[name];
  return value === '' ? undefined : value;
}
