import { Agent, request } from 'node:http'

/** Calls of `/api/v1` with a Bearer token, over connections that are kept. Throws unless the answer is a success. */
export interface Api {
  send(method: string, path: string, body?: object): Promise<unknown>
  get<T>(path: string): Promise<T>
  /** Every entry of a list, page by page. */
  pages<T>(path: string, key: string): Promise<T[]>
  /** Requests so far. */
  requests(): number
}

/** Requests that are under way at once. */
const parallel = 16

export function makeApi(url: string, token: string): Api {
  const agent = new Agent({ keepAlive: true, maxSockets: parallel })
  let count = 0
  const send = (method: string, path: string, body?: object): Promise<unknown> => {
    count += 1
    const sent = body === undefined ? undefined : JSON.stringify(body)
    const headers = {
      authorization: `Bearer ${token}`,
      ...(sent === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) }),
    }
    return new Promise((resolve, reject) => {
      const outgoing = request(`${url}/api/v1${path}`, { method, headers, agent }, (response) => {
        const chunks: Buffer[] = []
        response.on('error', reject)
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          const { statusCode = 0 } = response
          if (statusCode >= 300) reject(new Error(`${method} ${path}: ${statusCode} ${text}`))
          else resolve(text === '' ? undefined : JSON.parse(text))
        })
      })
      outgoing.on('error', reject)
      outgoing.end(sent)
    })
  }
  return {
    send,
    get: <T>(path: string) => send('GET', path) as Promise<T>,
    async pages<T>(path: string, key: string) {
      const all: T[] = []
      for (let next: string | undefined = ''; next !== undefined;) {
        const more: string = next === '' ? '' : `&next_page=${encodeURIComponent(next)}`
        const page = (await send('GET', path + more)) as Record<string, T[]> & {
          next_page?: string
        }
        all.push(...page[key]!)
        next = page.next_page
      }
      return all
    },
    requests: () => count,
  }
}

/** Works through a list, as many at once as there are connections. The first fault ends it. */
export async function inParallel<T>(
  all: readonly T[],
  work: (one: T) => Promise<unknown>,
): Promise<void> {
  const waiting = all.values()
  const worker = async () => {
    for (const one of waiting) await work(one)
  }
  await Promise.all(Array.from({ length: parallel }, worker))
}
