import { RegistryError } from './errors.ts'

/** Runs a piece of work when its turn comes, first come first served. Throws `unavailable` when too many wait. */
export type WorkQueue = <T>(work: () => Promise<T>) => Promise<T>

/** Makes a queue for costly work: at most `atOnce` pieces are under way and at most `waiting` wait for them. */
export function makeWorkQueue(limits: { atOnce: number; waiting: number }): WorkQueue {
  const waiting: (() => void)[] = []
  let underWay = 0
  return async (work) => {
    if (underWay < limits.atOnce) underWay += 1
    else await turn()
    try {
      return await work()
    } finally {
      // Whoever is next takes the place over, so that nobody who comes now gets in before.
      const next = waiting.shift()
      if (next) next()
      else underWay -= 1
    }
  }

  function turn(): Promise<void> {
    if (waiting.length >= limits.waiting)
      throw new RegistryError('unavailable', 'too many wait for this already: try again soon', {
        headers: { 'Retry-After': '5' },
      })
    return new Promise((resolve) => waiting.push(resolve))
  }
}
