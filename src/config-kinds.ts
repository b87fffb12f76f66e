import { BlockList, isIP } from 'node:net'

/** A kind of value: how it is written, checked, read and shown. `T` is what the program works with. */
export interface Kind<T> {
  /** JSON Schema of the value as the file has it. */
  readonly schema: Readonly<Record<string, unknown>>
  /** What is allowed, in words that follow "allowed:". */
  readonly allowed: string
  /** Reads an environment variable. Text that does not fit is handed on, and the schema refuses it. */
  read(text: string): unknown
  /** Value of something that the schema has accepted. */
  parse(written: unknown): T
  /** The value as it would be written in the file. */
  show(value: T): unknown
}

/** Formats that the schemas name, for Ajv. */
export const formats = { address: isAddress, network: isNetwork }

/** `true` or `false`; in the environment also 1 and 0, and capitals do not matter. */
export const boolean: Kind<boolean> = {
  schema: { type: 'boolean' },
  allowed: 'true or false',
  read: (written) => switches.get(written.toLowerCase()) ?? written,
  parse: (written) => written as boolean,
  show: (value) => value,
}
const switches = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
])

/** A whole number, both ends included. */
export function integer(minimum: number, maximum: number): Kind<number> {
  return {
    schema: { type: 'integer', minimum, maximum },
    allowed: `a whole number from ${minimum} to ${maximum}`,
    read: (written) => (/^\d{1,15}$/.test(written) ? Number(written) : written),
    parse: (written) => written as number,
    show: (value) => value,
  }
}

/** Text that fits a JSON Schema; `allowed` says the same in words. */
export function text(allowed: string, schema: Record<string, unknown> = {}): Kind<string> {
  return {
    schema: { type: 'string', minLength: 1, ...schema },
    allowed,
    read: (written) => written,
    parse: (written) => written as string,
    show: (value) => value,
  }
}

/** One of a few words. */
export function choice<const T extends string>(...words: T[]): Kind<T> {
  return {
    schema: { type: 'string', enum: words },
    allowed: words.join(' | '),
    read: (written) => written,
    parse: (written) => written as T,
    show: (value) => value,
  }
}

/** A list: in YAML, or comma separated text, or a JSON list in the environment. */
export function list<T>(item: Kind<T>, limits: { minItems?: number } = {}): Kind<readonly T[]> {
  return {
    schema: { type: 'array', items: item.schema, maxItems: 1000, ...limits },
    allowed: `a list, each item ${item.allowed}`,
    read: (written) => readList(written),
    parse: (written) => (written as unknown[]).map((each) => item.parse(each)),
    show: (value) => value.map((each) => item.show(each)),
  }
}

function readList(written: string): unknown {
  if (!written.trim().startsWith('['))
    return written
      .split(',')
      .map((each) => each.trim())
      .filter((each) => each !== '')
  try {
    return JSON.parse(written)
  } catch {
    // Not JSON after all: the text itself is refused by the schema, with the text in the fault.
    return written
  }
}

const unitSeconds = { w: 604_800, d: 86_400, h: 3600, m: 60, s: 1 }

/** A span of time such as `31d`; its value is in seconds. */
export const duration: Kind<number> = {
  // Seven digits keep every sum with a date inside the range of `Date`.
  schema: { type: 'string', pattern: '^[0-9]{1,7}[smhdw]$' },
  allowed: 'a number and s, m, h, d or w, such as 90s, 2h or 4w',
  read: (written) => written,
  parse: (written) => measure(written as string, unitSeconds),
  show: (value) => inUnits(value, unitSeconds, 's'),
}

const unitBytes = { T: 2 ** 40, G: 2 ** 30, M: 2 ** 20, K: 2 ** 10 }

/** A size such as `20G`; its value is in bytes, units are powers of 1024. */
export const size: Kind<number> = {
  schema: {
    type: ['string', 'integer'],
    pattern: '^[1-9][0-9]{0,11}$|^[1-9][0-9]{0,3}[KMGT]$',
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
  },
  allowed: 'bytes, or a number up to 9999 and K, M, G or T (powers of 1024), such as 20G',
  read: (written) => written,
  parse: (written) => measure(String(written), unitBytes),
  show: (value) => inUnits(value, unitBytes, ''),
}

function measure(written: string, units: Record<string, number>): number {
  return Number.parseInt(written, 10) * (units[written.at(-1) ?? ''] ?? 1)
}

function inUnits(value: number, units: Record<string, number>, smallest: string): string {
  if (value === 0) return `0${smallest}`
  const [unit, worth] = Object.entries(units).find(([, each]) => value % each === 0) ?? ['', 1]
  return `${value / worth}${unit}`
}

/** An IP address of this machine, or `localhost`. */
export const address = text('an IP address or localhost', { format: 'address' })

/** An IP address, or a network in CIDR form. */
export const network = text('an IP address or a network such as 10.0.0.0/8', { format: 'network' })

/** A host name, an IP address, or a network in CIDR form. */
export const host = text('a host name, an IP address or a network such as 10.0.0.0/8', {
  maxLength: 255,
  anyOf: [{ format: 'network' }, { pattern: '^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$' }],
})

function isAddress(written: string): boolean {
  return written === 'localhost' || isIP(written) !== 0
}

function isNetwork(written: string): boolean {
  const [base = '', prefix, ...rest] = written.split('/')
  const version = isIP(base)
  if (version === 0 || rest.length > 0) return false
  if (prefix === undefined) return true
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128)
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** True when only this machine reaches the address. */
export function isLoopback(written: string): boolean {
  return written === 'localhost' || loopback.check(written, isIP(written) === 6 ? 'ipv6' : 'ipv4')
}
