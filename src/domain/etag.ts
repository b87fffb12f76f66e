/** True when `If-None-Match` names the ETag (RFC 9110, 13.1.2): any of a list, `*`, weak or not, quoted or bare. */
export function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  return header
    .split(',')
    .map((candidate) => candidate.trim().replace(/^W\//, ''))
    .some((candidate) => candidate === '*' || candidate === etag || `"${candidate}"` === etag)
}
