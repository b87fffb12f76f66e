import { fileAsset, textAsset, type Asset } from './asset.ts'

/** The logo: a compass rose. */
export const logo: Asset = fileAsset(
  new URL('static/compass.svg', import.meta.url),
  'image/svg+xml; charset=utf-8',
)

/** Files below `/assets/`, by name. */
export const assetFiles: ReadonlyMap<string, Asset> = new Map([
  ['compass.svg', logo],
  [
    'account.js',
    fileAsset(new URL('static/account.js', import.meta.url), 'text/javascript; charset=utf-8'),
  ],
  [
    'local-token.js',
    fileAsset(new URL('static/local-token.js', import.meta.url), 'text/javascript; charset=utf-8'),
  ],
  ['pages.css', fileAsset(new URL('static/pages.css', import.meta.url), 'text/css; charset=utf-8')],
])

/** Search engines may list the pages for people, and nothing that they lead to. */
export const robots: Asset = textAsset(
  'User-agent: *\nAllow: /$\nAllow: /docs\nDisallow: /\n',
  'text/plain; charset=utf-8',
)
