/** What a thing may be: one value after an acknowledged change, several after one whose answer never came. */
type Possible<T> = Set<T>

/** What a client knows of its repository. Nobody else writes to it. */
export class Model {
  /** Digest to whether the repository holds it. */
  readonly blobs = new Map<string, Possible<boolean>>()
  readonly manifests = new Map<string, Possible<boolean>>()
  /** Tag to the digests that it may point at; undefined: it is not there. */
  readonly tags = new Map<string, Possible<string | undefined>>()
  /** Bytes of everything that was ever pushed. */
  readonly contents = new Map<string, Buffer>()
  /** Digests of blobs that a manifest names. */
  readonly named = new Map<string, string[]>()
  /** Digests and tags that were touched since somebody looked at them. */
  readonly touched = new Set<string>()

  /** A change was acknowledged (`sure`), or asked for without an answer. */
  setBlob(digest: string, isHere: boolean, sure: boolean): void {
    this.touched.add(digest)
    set(this.blobs, digest, isHere, { sure, before: false })
  }

  setManifest(digest: string, isHere: boolean, sure: boolean): void {
    this.touched.add(digest)
    set(this.manifests, digest, isHere, { sure, before: false })
  }

  setTag(tag: string, digest: string | undefined, sure: boolean): void {
    this.touched.add(tag)
    set(this.tags, tag, digest, { sure, before: undefined })
  }

  /** Deleting a manifest ends its tags with it. */
  deleteManifest(digest: string, sure: boolean): void {
    this.setManifest(digest, false, sure)
    for (const [tag, possible] of this.tags) {
      if (!possible.has(digest)) continue
      this.touched.add(tag)
      possible.add(undefined)
      if (sure) possible.delete(digest)
    }
  }

  /** Digests that are surely there. */
  present(things: Map<string, Possible<boolean>>): string[] {
    return [...things].filter(([, possible]) => isSure(possible, true)).map(([digest]) => digest)
  }

  /** True when a manifest that may be there names the blob. */
  isNamed(blob: string): boolean {
    return [...this.named].some(
      ([manifest, blobs]) => blobs.includes(blob) && this.manifests.get(manifest)?.has(true),
    )
  }
}

/** True when a thing can be nothing but `value`. */
function isSure<T>(possible: Possible<T> | undefined, value: T): boolean {
  return possible?.size === 1 && possible.has(value)
}

function set<T>(
  things: Map<string, Possible<T>>,
  key: string,
  value: T,
  { sure, before }: { sure: boolean; before: T },
): void {
  const possible = things.get(key) ?? new Set([before])
  if (sure) possible.clear()
  possible.add(value)
  things.set(key, possible)
}
