import { createHash, randomBytes, randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

import { fullName, makeToken, type Place } from './place.ts'
import { Model } from './crash-model.ts'

const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const configType = 'application/vnd.oci.image.config.v1+json'
const layerType = 'application/vnd.oci.image.layer.v1.tar'

/** Layers that all clients push, so that pushes, deletes and clean-ups of the same digest meet. */
const shared = Array.from({ length: 6 }, () => randomBytes(randomInt(1_000, 400_000)))

/** A request that was not answered, or with a 5xx: whether it was carried out is not known. */
class Unanswered extends Error {}

/** One client at work in its own repository. */
export class Client {
  readonly model = new Model()
  readonly faults: string[] = []
  acknowledged = 0
  unanswered = 0
  lookedAt = 0
  readonly #place: Place
  readonly #name: string
  readonly #others: string[]
  #token = ''
  #isRunning = false
  #work: Promise<void> = Promise.resolve()

  constructor(place: Place, name: string, others: string[]) {
    this.#place = place
    this.#name = name
    this.#others = others
  }

  /** Works until `stop`. */
  start(): void {
    this.#isRunning = true
    this.#work = this.#run()
  }

  /** Lets the request under way end. */
  async stop(): Promise<void> {
    this.#isRunning = false
    await this.#work
  }

  async #run(): Promise<void> {
    while (this.#isRunning)
      try {
        await this.#step()
      } catch (error) {
        if (!(error instanceof Unanswered)) this.faults.push(`${this.#name}: ${String(error)}`)
        await sleep(100)
      }
  }

  async #step(): Promise<void> {
    const { model } = this
    const manifests = model.present(model.manifests)
    const dice = randomInt(100)
    if (manifests.length < 3 || dice < 45) return this.#pushImage()
    if (dice < 60) return this.#putManifest(pick(manifests), anyTag())
    if (dice < 75) return this.#deleteTag(pick([...model.tags.keys()]))
    if (dice < 85) return this.#deleteManifest(pick(manifests))
    const idle = model.present(model.blobs).filter((digest) => !model.isNamed(digest))
    if (idle.length > 0) return this.#deleteBlob(pick(idle))
  }

  async #pushImage(): Promise<void> {
    const layers = [
      randomBytes(randomInt(4) === 0 ? randomInt(3_000_000) : randomInt(1, 20_000)),
      pick(shared),
    ]
    const config = Buffer.from(JSON.stringify({ made: randomBytes(8).toString('hex') }))
    const blobs = [config, ...layers]
    for (const bytes of blobs) await this.#pushBlob(bytes)
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: manifestType,
        config: describe(config, configType),
        layers: layers.map((layer) => describe(layer, layerType)),
      }),
    )
    const digest = digestOf(manifest)
    this.model.contents.set(digest, manifest)
    this.model.named.set(digest, blobs.map(digestOf))
    await this.#putManifest(digest, anyTag())
  }

  async #pushBlob(bytes: Buffer): Promise<void> {
    const digest = digestOf(bytes)
    this.model.contents.set(digest, bytes)
    const way = randomInt(4)
    await this.#change(
      async () => {
        if (way === 0) return this.#call('POST', `blobs/uploads/?digest=${digest}`, bytes)
        if (way === 1) {
          const from = fullName(pick(this.#others))
          const query = `mount=${digest}&from=${encodeURIComponent(from)}`
          const mounted = await this.#call('POST', `blobs/uploads/?${query}`)
          if (mounted.status !== 202) return mounted
          return this.#finish(mounted, { digest, bytes, chunks: 1 })
        }
        const started = await this.#call('POST', 'blobs/uploads/')
        return this.#finish(started, { digest, bytes, chunks: way - 2 })
      },
      [201],
      (sure) => this.model.setBlob(digest, true, sure),
    )
  }

  /** Sends `chunks` chunks by PATCH, and the rest with the last request. */
  async #finish(
    started: Answer,
    { digest, bytes, chunks }: { digest: string; bytes: Buffer; chunks: number },
  ): Promise<Answer> {
    let location = started.headers.get('location') ?? ''
    let sent = 0
    for (let chunk = 0; chunk < chunks; chunk += 1) {
      const end = Math.ceil(bytes.length / 2)
      const answer = await this.#call('PATCH', location, bytes.subarray(sent, end))
      if (answer.status !== 202) return answer
      location = answer.headers.get('location') ?? location
      sent = end
    }
    return this.#call('PUT', `${location}?digest=${digest}`, bytes.subarray(sent))
  }

  async #putManifest(digest: string, tag: string): Promise<void> {
    const bytes = this.model.contents.get(digest)!
    await this.#change(
      () => this.#call('PUT', `manifests/${tag}`, bytes, { 'content-type': manifestType }),
      [201],
      (sure) => {
        this.model.setManifest(digest, true, sure)
        this.model.setTag(tag, digest, sure)
      },
    )
  }

  async #deleteTag(tag: string): Promise<void> {
    await this.#change(
      () => this.#call('DELETE', `manifests/${tag}`),
      [202, 404],
      (sure) => this.model.setTag(tag, undefined, sure),
    )
  }

  async #deleteManifest(digest: string): Promise<void> {
    await this.#change(
      () => this.#call('DELETE', `manifests/${digest}`),
      [202],
      (sure) => this.model.deleteManifest(digest, sure),
    )
  }

  async #deleteBlob(digest: string): Promise<void> {
    await this.#change(
      () => this.#call('DELETE', `blobs/${digest}`),
      [202],
      (sure) => this.model.setBlob(digest, false, sure),
    )
  }

  /** Makes a change, and writes down what is known of it afterwards. */
  async #change(
    make: () => Promise<Answer>,
    expected: number[],
    write: (sure: boolean) => void,
  ): Promise<void> {
    try {
      const answer = await make()
      if (!expected.includes(answer.status))
        throw new Error(`${answer.what}: ${answer.status} ${answer.bytes.toString().slice(0, 300)}`)
      write(true)
      this.acknowledged += 1
    } catch (error) {
      write(false)
      this.unanswered += 1
      throw error
    }
  }

  /** Asks for what it has touched, or for `everything` and its bytes; says what is not as it was acknowledged. */
  async verify({ everything }: { everything: boolean }): Promise<string[]> {
    const { model } = this
    const faults: string[] = []
    const check = async (path: string, possible: Set<string | boolean | undefined>) => {
      const isBlob = path.startsWith('blobs/')
      const name = path.slice(path.indexOf('/') + 1)
      if (!everything && !model.touched.has(name)) return
      this.lookedAt += 1
      const answer = await this.#insist(isBlob && !everything ? 'HEAD' : 'GET', path)
      const found = answer.status === 404 ? undefined : answer.headers.get('docker-content-digest')
      const allowed = [...possible].map((value) =>
        value === true ? name : value === false ? undefined : value,
      )
      if (![200, 404].includes(answer.status) || !allowed.includes(found ?? undefined))
        faults.push(`${this.#name} ${path}: ${answer.status} ${found}, not ${allowed.join(' or ')}`)
      else if (answer.status === 200 && answer.what.startsWith('GET')) {
        if (digestOf(answer.bytes) !== found) faults.push(`${this.#name} ${path}: other bytes`)
      }
    }
    for (const [digest, possible] of model.blobs) await check(`blobs/${digest}`, possible)
    for (const [digest, possible] of model.manifests) await check(`manifests/${digest}`, possible)
    for (const [tag, possible] of model.tags) await check(`manifests/${tag}`, possible)
    model.touched.clear()
    return faults
  }

  /** Asks until it is answered: for half a minute. */
  async #insist(method: string, path: string): Promise<Answer> {
    for (const giveUpAt = Date.now() + 30_000; ;)
      try {
        return await this.#call(method, path)
      } catch (error) {
        if (Date.now() > giveUpAt) throw error
        await sleep(200)
      }
  }

  /** Calls a path of the repository, or one that the registry has given. */
  async #call(
    method: string,
    path: string,
    body?: Buffer,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const url = path.startsWith('/')
      ? this.#place.url + path
      : `${this.#place.url}/v2/${fullName(this.#name)}/${path}`
    try {
      const answer = await this.#send(url, { method, headers, body })
      if (answer.status !== 401) return answer
      this.#token = await makeToken(this.#place, [this.#name, ...this.#others])
      return await this.#send(url, { method, headers, body })
    } catch (error) {
      throw error instanceof Unanswered ? error : new Unanswered(String(error))
    }
  }

  async #send(
    url: string,
    request: { method: string; headers: Record<string, string>; body: Buffer | undefined },
  ): Promise<Answer> {
    const { method, headers, body } = request
    const response = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body ? { 'content-type': 'application/octet-stream' } : {}),
        ...headers,
      },
      ...(body ? { body: new Uint8Array(body) } : {}),
      signal: AbortSignal.timeout(30_000),
    })
    const bytes = Buffer.from(await response.arrayBuffer())
    if (response.status >= 500)
      throw new Unanswered(`${method} ${url}: ${response.status} ${bytes.toString()}`)
    return { what: `${method} ${url}`, status: response.status, headers: response.headers, bytes }
  }
}

interface Answer {
  what: string
  status: number
  headers: Headers
  bytes: Buffer
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

function describe(bytes: Buffer, mediaType: string) {
  return { mediaType, digest: digestOf(bytes), size: bytes.length }
}

function pick<T>(things: readonly T[]): T {
  return things[randomInt(things.length)]!
}

const anyTag = () => `v${randomInt(10)}`
