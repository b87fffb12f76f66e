import { lookup as systemLookup, type LookupAddress } from 'node:dns'
import http from 'node:http'
import https from 'node:https'
import { isIP, type LookupFunction } from 'node:net'

import { RegistryError } from '#domain/errors.ts'
import { isPublicAddress } from './address.ts'
import { readAllowedHosts, type AllowedHosts } from './allowed-hosts.ts'

/** Calls to hosts that users have named. None of them reaches what only the registry's machine can reach. */
export interface Outbound {
  /**
   * Checks a URL that somebody has given: https (http for hosts in SSRF_ALLOWED_HOSTS), without credentials, its
   * host no internal address. Throws `invalid_request`. A name is looked up with each call, not here.
   */
  parseUrl(text: string): URL
  /**
   * Gets a JSON document: 5 seconds, 512 KiB, no redirects. The addresses of the host are checked and exactly
   * these are connected to, so that a name cannot change its address in between. Rejects when anything fails.
   */
  fetchJson(url: string): Promise<unknown>
}

/** How a name is looked up; the system's way unless a test says otherwise. */
export type Lookup = (
  hostname: string,
  options: { all: true; family?: number; hints?: number },
  callback: (error: Error | null, addresses: LookupAddress[]) => void,
) => void

const defaultTimeoutMs = 5000
const maxBodyBytes = 512 * 1024

/** Opens the way out; `allowedHosts` is SSRF_ALLOWED_HOSTS. */
export function openOutbound(options: {
  allowedHosts: readonly string[]
  lookup?: Lookup
  timeoutMs?: number
}): Outbound {
  const allowed = readAllowedHosts(options.allowedHosts)
  const parseUrl = (text: string) => readUrl(text, allowed)
  return {
    parseUrl,
    async fetchJson(text) {
      const url = parseUrl(text)
      const response = await request(url, {
        lookup: guardLookup(options.lookup ?? (systemLookup as Lookup), allowed),
        signal: AbortSignal.timeout(options.timeoutMs ?? defaultTimeoutMs),
      })
      return JSON.parse(await readBody(response))
    },
  }
}

function readUrl(text: string, allowed: AllowedHosts): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const host = hostOf(url)
  const isAllowed = allowed.hasHost(host)
  const refuse = (rule: string) =>
    new RegistryError('invalid_request', `'${text.slice(0, 200)}' is not accepted: ${rule}`)
  if (!url || host === '' || !['https:', 'http:'].includes(url.protocol))
    throw refuse('send a URL that begins with https://')
  if (url.username !== '' || url.password !== '') throw refuse('a URL must not hold credentials')
  if (url.protocol === 'http:' && !isAllowed)
    throw refuse('http is for hosts in SSRF_ALLOWED_HOSTS only')
  if (isIP(host) !== 0 && !isAllowed && !isPublicAddress(host))
    throw refuse('its host is not a public one, and not in SSRF_ALLOWED_HOSTS')
  return url
}

/** Host without the brackets of IPv6; the URL parser has made it lower case and addresses canonical. */
function hostOf(url: URL | undefined): string {
  return (url?.hostname ?? '').replace(/^\[|\]$/g, '')
}

/** A name whose addresses are not all public is refused: which of them is taken would be chance. */
function guardLookup(lookup: Lookup, allowed: AllowedHosts): LookupFunction {
  return (hostname, { family, hints, all }, callback) => {
    const wanted = {
      all: true as const,
      ...(typeof family === 'number' ? { family } : {}),
      ...(hints === undefined ? {} : { hints }),
    }
    lookup(hostname, wanted, (error, addresses) => {
      const isOpen = ({ address }: LookupAddress) =>
        isPublicAddress(address) || allowed.hasAddress(address)
      const [first] = addresses ?? []
      if (error) callback(error, [])
      else if (!first || !(allowed.hasHost(hostname.toLowerCase()) || addresses.every(isOpen)))
        callback(new Error(`${hostname} has no public address`), [])
      else if (all) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
}

function request(
  url: URL,
  guarded: { lookup: LookupFunction; signal: AbortSignal },
): Promise<http.IncomingMessage> {
  const { get } = url.protocol === 'https:' ? https : http
  return new Promise((resolve, reject) => {
    // One connection a call: a kept one would be used again without its address being checked.
    const headers = { accept: 'application/json', 'accept-encoding': 'identity' }
    get(url, { ...guarded, agent: false, headers }, resolve).on('error', reject)
  })
}

async function readBody(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    if (response.statusCode !== 200) throw new Error(`it answered ${response.statusCode}`)
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > maxBodyBytes) throw new Error(`it answered more than ${maxBodyBytes} bytes`)
      chunks.push(chunk)
    }
  } finally {
    response.destroy()
  }
  return Buffer.concat(chunks).toString('utf8')
}
