import { expect, test } from 'vitest'

import { clientConfig } from '#config-client.ts'
import { loadConfig } from '#config.ts'

test('clients are told the visible keys that have a value, and every feature', () => {
  const loaded = loadConfig({ environment: { SECRET_KEY: 'abcdefghijklmnop' } })
  const { config, features } = clientConfig(loaded.config, {
    host: 'localhost',
    baseUrl: 'http://localhost',
  })
  expect(config).toEqual({
    SERVER_HOSTNAME: 'localhost',
    DOCUMENTATION_ROOT: 'http://localhost/docs',
    AUTHENTICATION_TYPE: 'Database',
    LOCAL_OAUTH_HANDLER: '/oauth/localapp',
    AVATAR_KIND: 'local',
    BRANDING: { logo: '/assets/compass.svg', footer_img: null, footer_url: null },
    CONTACT_INFO: [],
    FOOTER_LINKS: {},
    FEATURE_ASSIGN_OAUTH_TOKEN: true,
    PREFERRED_URL_SCHEME: 'http',
    REGISTRY_TITLE: 'Portolan',
    REGISTRY_TITLE_SHORT: 'Portolan',
    ROBOTS_DISALLOW: false,
    FEATURE_REPO_MIRROR: false,
    TAG_EXPIRATION_OPTIONS: ['0s', '1d', '1w', '2w', '4w'],
    PERMANENTLY_DELETE_TAGS: true,
  })
  expect(features).toMatchObject({ ANONYMOUS_ACCESS: true, USER_RENAME: false })
})
