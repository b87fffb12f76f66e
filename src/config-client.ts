import { configKeyNames, configKeys, type Config } from './config-keys.ts'
import { knownKeys } from './config-known.ts'
import { writtenValue } from './config.ts'

/** Features of Quay's without a switch here, because they are never off. */
const alwaysOn = new Set([
  'FEATURE_ADVERTISE_V2',
  'FEATURE_EXTENDED_REPOSITORY_NAMES',
  'FEATURE_GENERAL_OCI_SUPPORT',
  'FEATURE_HELM_OCI_SUPPORT',
  'FEATURE_LIBRARY_SUPPORT',
])

/** Keys of Quay's that its web page reads, and that have one value here. */
const fixed = {
  AUTHENTICATION_TYPE: 'Database',
  LOCAL_OAUTH_HANDLER: '/oauth/localapp',
  AVATAR_KIND: 'local',
  BRANDING: { logo: '/assets/compass.svg', footer_img: null, footer_url: null },
  CONTACT_INFO: [],
  FOOTER_LINKS: {},
}

/**
 * What `GET /config` tells everybody: client-visible keys that are set, as the file would have them, and every feature
 * without its prefix; those that are not built are off. `host` and `baseUrl` are those under which the caller reaches
 * the registry.
 */
export function clientConfig(
  config: Config,
  { host, baseUrl }: { host: string; baseUrl: string },
): { config: Record<string, unknown>; features: Record<string, boolean> } {
  const visible = configKeyNames.filter(
    (name) => configKeys[name].clientVisible && config[name] !== undefined,
  )
  const values: Record<string, unknown> = config
  const features = new Set(
    [...configKeyNames, ...knownKeys].filter((name) => name.startsWith('FEATURE_')),
  )
  return {
    config: {
      SERVER_HOSTNAME: host,
      DOCUMENTATION_ROOT: `${baseUrl}/docs`,
      ...fixed,
      ...Object.fromEntries(visible.map((name) => [name, writtenValue(config, name)])),
    },
    features: Object.fromEntries(
      [...features].map((name) => [
        name.slice('FEATURE_'.length),
        values[name] === true || alwaysOn.has(name),
      ]),
    ),
  }
}
