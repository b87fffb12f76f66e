import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import { randomUUID } from 'node:crypto'

import { RegistryError } from '#domain/errors.ts'
import type { Config } from '#config.ts'
import type { RequestFacts } from '#operation.ts'

/** Reads facts of requests that a proxy may have passed on. */
export interface FactReader {
  facts(incoming: IncomingMessage): RequestFacts
  /** Address of the client; of the last untrusted hop when trusted proxies passed the request on. */
  address(incoming: IncomingMessage): string
}

const hostPattern =
  /^(?:[a-z0-9](?:[a-z0-9.-]{0,252}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i

/** `X-Forwarded-*` counts only from TRUSTED_PROXIES. */
export function readFacts(config: Config): FactReader {
  const trusted = trustedProxies(config.TRUSTED_PROXIES)
  const isTrusted = (address: string) =>
    isIP(address) !== 0 && trusted.check(address, family(address))
  const peer = (incoming: IncomingMessage) =>
    (incoming.socket.remoteAddress ?? '').replace(/^::ffff:/, '')
  const forwarded = (incoming: IncomingMessage, name: string) =>
    isTrusted(peer(incoming)) ? incoming.headers[name]?.toString() : undefined
  return {
    facts(incoming) {
      demandOneHost(incoming)
      const host =
        config.SERVER_HOSTNAME ??
        readHost(forwarded(incoming, 'x-forwarded-host') ?? incoming.headers.host)
      const scheme =
        forwarded(incoming, 'x-forwarded-proto') === 'https' ? 'https' : config.PREFERRED_URL_SCHEME
      return {
        id: randomUUID(),
        baseUrl: `${scheme}://${host}`,
        host,
        isBrowser: isBrowser(incoming),
      }
    },
    address(incoming) {
      const hops = (forwarded(incoming, 'x-forwarded-for') ?? '').split(',').map(readHop)
      // What stands before the last untrusted hop is what the client itself has written.
      const client = hops.findLast((hop) => !isTrusted(hop))
      return client !== undefined && isIP(client) !== 0 ? client : peer(incoming)
    },
  }
}

/** Every browser begins its name like this, or says where its request comes from; so do programs that read mails in its place. */
function isBrowser({ headers }: IncomingMessage): boolean {
  const name = headers['user-agent'] ?? ''
  return name.startsWith('Mozilla/') || headers['sec-fetch-site'] !== undefined
}

/** The address of a hop: without white space, brackets, a port, or the prefix of a mapped IPv4 address. */
function readHop(text: string): string {
  const hop = text.trim()
  const [, bracketed] = /^\[([0-9a-f:.]+)\](?::\d+)?$/i.exec(hop) ?? []
  const bare = bracketed ?? (/^[\d.]+:\d+$/.test(hop) ? hop.slice(0, hop.indexOf(':')) : hop)
  return bare.replace(/^::ffff:/i, '')
}

/**
 * The path and query of a request target, which may also be a whole URL (RFC 9112, 3.2.2). What is neither
 * becomes a path that leads nowhere.
 */
export function toOriginForm(target: string): string {
  if (target.startsWith('/')) return target
  const { pathname, search } = URL.parse(target) ?? { pathname: `/${target}`, search: '' }
  return pathname.startsWith('/') ? pathname + search : `/${pathname}`
}

/** RFC 9112, 3.2: exactly one Host in a request of HTTP/1.1. Two would let a proxy and us disagree about who is meant. */
function demandOneHost({ rawHeaders, httpVersion }: IncomingMessage): void {
  let count = 0
  for (let index = 0; index < rawHeaders.length; index += 2)
    if (rawHeaders[index]!.length === 4 && rawHeaders[index]!.toLowerCase() === 'host') count++
  if (count > 1 || (count === 0 && httpVersion === '1.1'))
    throw new RegistryError(
      'invalid_request',
      `a request has one Host header; this one has ${count}`,
    )
}

/** The Host header ends up in addresses that clients follow: only what can be a host is taken. */
function readHost(header: string | undefined): string {
  if (header !== undefined && hostPattern.test(header)) return header.toLowerCase()
  throw new RegistryError('invalid_request', 'the Host header is missing or is no host name')
}

function trustedProxies(entries: readonly string[]): BlockList {
  const list = new BlockList()
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/')
    if (bits === undefined) list.addAddress(address, family(address))
    else list.addSubnet(address, Number(bits), family(address))
  }
  return list
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}
