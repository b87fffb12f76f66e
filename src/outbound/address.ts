import { BlockList, isIP } from 'node:net'

/**
 * IPv4 that is not for everybody: the special-purpose registry of IANA (RFC 6890 and its successors), multicast,
 * and the one metadata address of a cloud that lies outside of it.
 */
const special4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const

/** Parts of 2000::/3 that are not for everybody, or that carry an IPv4 address (Teredo, 6to4). */
const special6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const

const refused = new BlockList()
for (const [base, prefix] of special4) refused.addSubnet(base, prefix, 'ipv4')
for (const [base, prefix] of special6) refused.addSubnet(base, prefix, 'ipv6')

/** Whatever of IPv6 is not here is loopback, link-local, unique local, multicast, mapped IPv4, NAT64 or unassigned. */
const globalUnicast = new BlockList()
globalUnicast.addSubnet('2000::', 3, 'ipv6')

/** True for an address that anybody on the Internet could reach; false for every internal one, and for what is none. */
export function isPublicAddress(address: string): boolean {
  const version = address.includes('%') ? 0 : isIP(address)
  if (version === 4) return !refused.check(address, 'ipv4')
  return version === 6 && globalUnicast.check(address, 'ipv6') && !refused.check(address, 'ipv6')
}
