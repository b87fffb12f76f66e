import { hash as digest } from 'node:crypto'

/** What a picture for somebody is drawn from. */
export interface Avatar {
  name: string
  /** sha256 in hex of the trimmed, lower-case name or text. */
  hash: string
  /** `#rrggbb`, the same for the same hash. */
  color: string
  kind: 'user' | 'org' | 'team' | 'robot' | 'app'
}

const palette = [
  '#1b5e9e',
  '#2e7d32',
  '#8e24aa',
  '#c62828',
  '#00838f',
  '#6d4c41',
  '#ad1457',
  '#4527a0',
  '#ef6c00',
  '#558b2f',
  '#283593',
  '#00695c',
  '#9e9d24',
  '#5d4037',
  '#d84315',
  '#37474f',
] as const

/** Avatar of somebody or something, by name or by the text that it was given for that. */
export function avatarOf(kind: Avatar['kind'], name: string, id?: string | null): Avatar {
  const hash = digest('sha256', (id || name).trim().toLowerCase(), 'hex')
  const color = palette[Number.parseInt(hash.slice(0, 8), 16) % palette.length] as string
  return { name, hash, color, kind }
}
