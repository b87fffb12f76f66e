/** Does one step of a tool and prints how long it took. */
export async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  const begin = performance.now()
  const result = await work()
  console.log(`${name.padEnd(28)} ${((performance.now() - begin) / 1000).toFixed(1)} s`)
  return result
}
