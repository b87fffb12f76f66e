import { BlockList, isIP } from 'node:net'

/** SSRF_ALLOWED_HOSTS as it is asked. */
export interface AllowedHosts {
  /** The host of a URL is named in the list, or is an address of one of its networks. */
  hasHost(hostname: string): boolean
  /** The address is one of a network in the list. */
  hasAddress(address: string): boolean
}

/** Reads host names, addresses and networks in CIDR form. */
export function readAllowedHosts(written: readonly string[]): AllowedHosts {
  const names = new Set<string>()
  const networks = new BlockList()
  for (const each of written) {
    const [base = '', prefix] = each.split('/')
    const version = isIP(base)
    if (version === 0) names.add(each.toLowerCase())
    else
      networks.addSubnet(
        base,
        Number(prefix ?? (version === 4 ? 32 : 128)),
        version === 4 ? 'ipv4' : 'ipv6',
      )
  }
  const hasAddress = (address: string) => {
    const version = address.includes('%') ? 0 : isIP(address)
    return version !== 0 && networks.check(address, version === 4 ? 'ipv4' : 'ipv6')
  }
  return { hasAddress, hasHost: (hostname) => names.has(hostname) || hasAddress(hostname) }
}
