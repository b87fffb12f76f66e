/** One request and its answer, as far as the hooks look at what dredd hands them. */
export interface Transaction {
  origin: { resourceName: string }
  protocol: string
  host: string
  port: string
  fullPath: string
  request: {
    method: string
    headers: Record<string, string>
    body: string
    bodyEncoding?: 'base64'
  }
  expected: { statusCode: string; headers: Record<string, string>; body?: string }
  /** What came back. */
  real?: {
    statusCode: number
    headers: Record<string, string | string[]>
    body?: string
    bodyEncoding?: BufferEncoding
  }
  /** Says why the transaction has failed. */
  fail?: string
  skip?: boolean
  /** What dredd itself thinks of the answer. */
  test?: { status: 'pass' | 'fail' | 'skip' | ''; message: string }
}

type Hook<T> = (subject: T, done: () => void) => void

/** The hooks of dredd. It takes callbacks only: promises it would not wait for. */
export interface DreddHooks {
  beforeAll(hook: Hook<Transaction[]>): void
  beforeEach(hook: Hook<Transaction>): void
  beforeEachValidation(hook: Hook<Transaction>): void
  afterEach(hook: Hook<Transaction>): void
  afterAll(hook: Hook<Transaction[]>): void
}
