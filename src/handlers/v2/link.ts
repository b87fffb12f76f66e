/** Page size when a list is asked for without `n`, and the most that `n` gives. */
const maxPageSize = 10_000

/** A page of names: cuts the extra one that tells of a next page, and makes its `Link`. */
export function pageOf(
  found: readonly string[],
  page: { path: string; size: number },
): { names: string[]; headers: { Link?: string } } {
  const names = found.slice(0, page.size)
  const last = names.at(-1)
  if (found.length <= page.size || last === undefined) return { names, headers: {} }
  return { names, headers: linkTo(page.path, { n: String(page.size), last }) }
}

/** The `Link` to the next page of a list (RFC 8288); parameters that are undefined are left out. */
export function linkTo(
  path: string,
  parameters: Record<string, string | undefined>,
): { Link: string } {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) query.set(name, value)
  return { Link: `<${path}?${query}>; rel="next"` }
}

/** The page size that `n` asks for. */
export function pageSize(n: number | undefined): number {
  return Math.min(n ?? maxPageSize, maxPageSize)
}
