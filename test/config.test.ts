import { readFileSync, statSync } from 'node:fs'
import { mkdtemp, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { ConfigError, describeFault, describeValue, loadConfig } from '#config.ts'
import { ensureSecretKey } from '#secret-key.ts'
import { writeConfigDocs } from '../tools/config-docs.ts'

async function folder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'portolan-config-'))
}

async function fileWith(text: string): Promise<string> {
  const path = join(await folder(), 'portolan.yaml')
  await writeFile(path, text)
  return path
}

function load(environment: NodeJS.ProcessEnv = {}) {
  return loadConfig({ environment })
}

function faultsOf(attempt: () => unknown) {
  try {
    attempt()
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
  return []
}

test('without any configuration every key has its default', () => {
  const { config, warnings, sources } = load()
  expect(config).toMatchObject({
    SERVER_HOSTNAME: undefined,
    PREFERRED_URL_SCHEME: 'http',
    DATA_DIR: './data',
    PORT: 8080,
    BIND: ['127.0.0.1', '::1'],
    RESTRICTED_USERS_WHITELIST: undefined,
    FEATURE_ANONYMOUS_ACCESS: true,
    PERMANENTLY_DELETE_TAGS: true,
  })
  expect([warnings, sources.size]).toEqual([[], 0])
})

test('durations become seconds and sizes become bytes', () => {
  const { config } = load({
    SESSION_TIMEOUT: '90m',
    MAXIMUM_LAYER_SIZE: '5M',
    UPLOAD_EXPIRATION: '1w',
  })
  expect(config).toMatchObject({
    SESSION_TIMEOUT: 5400,
    UPLOAD_EXPIRATION: 604_800,
    FRESH_LOGIN_TIMEOUT: 600,
    TAG_EXPIRATION_OPTIONS: [0, 86_400, 604_800, 1_209_600, 2_419_200],
    MAXIMUM_LAYER_SIZE: 5_242_880,
    MAXIMUM_MANIFEST_SIZE: 4_194_304,
  })
  expect(load({ MAXIMUM_LAYER_SIZE: '1000' }).config.MAXIMUM_LAYER_SIZE).toBe(1000)
})

test('the environment stands over the file, and the file over the defaults', async () => {
  const file = await fileWith('PORT: 5000\nLIBRARY_NAMESPACE: official\nSUPER_USERS: [ada]\n')
  const { config, sources } = loadConfig({ file, environment: { PORT: '6000' } })
  expect([config.PORT, config.LIBRARY_NAMESPACE, config.SUPER_USERS]).toEqual([
    6000,
    'official',
    ['ada'],
  ])
  expect(Object.fromEntries(sources)).toEqual({
    PORT: 'the environment',
    LIBRARY_NAMESPACE: file,
    SUPER_USERS: file,
  })
})

test('PORTOLAN_CONFIG names the file, and a file that is named directly goes before it', async () => {
  const first = await fileWith('PORT: 5001')
  const second = await fileWith('PORT: 5002')
  const environment = { PORTOLAN_CONFIG: first }
  expect(loadConfig({ environment }).config.PORT).toBe(5001)
  expect(loadConfig({ file: second, environment }).config.PORT).toBe(5002)
})

test('an empty value counts as not written', async () => {
  const file = await fileWith('SUPER_USERS:\nPORT:\n')
  expect(loadConfig({ file, environment: { SERVER_HOSTNAME: '' } }).sources.size).toBe(0)
  expect(loadConfig({ file: await fileWith(''), environment: {} }).sources.size).toBe(0)
})

test.for([
  ['ada, grace,', ['ada', 'grace']],
  ['["ada","grace"]', ['ada', 'grace']],
  ['[]', []],
] as const)('a list in the environment may read %s', ([text, list]) => {
  expect(load({ SUPER_USERS: text }).config.SUPER_USERS).toEqual(list)
})

test.for([
  ['true', true],
  ['TRUE', true],
  ['1', true],
  ['False', false],
  ['0', false],
] as const)('a switch in the environment may read %s', ([text, value]) => {
  expect(load({ FEATURE_USER_RENAME: text }).config.FEATURE_USER_RENAME).toBe(value)
})

test('everything that is wrong is said at once, with value, place and what is allowed', async () => {
  const file = await fileWith('PORT: eighty\nFEATURE_ANONYMOUS_ACCES: true\nBIND: [here]\n')
  const environment = { SESSION_TIMEOUT: '31', DATABASE_URL: 'postgres://host/portolan' }
  const faults = faultsOf(() => loadConfig({ file, environment }))
  expect(faults.map(describeFault).toSorted()).toEqual([
    `BIND = ["here"] (${file}): allowed: a list, each item an IP address or localhost`,
    `FEATURE_ANONYMOUS_ACCES = true (${file}): allowed: only the keys of docs/configuration.md; did you mean FEATURE_ANONYMOUS_ACCESS?`,
    `PORT = "eighty" (${file}): allowed: a whole number from 1 to 65535`,
    'SECRET_KEY = (unset): allowed: text of at least 16 characters, the same on every node; DATABASE_URL requires it',
    'SESSION_TIMEOUT = "31" (the environment): allowed: a number and s, m, h, d or w, such as 90s, 2h or 4w',
  ])
})

test.for([
  ['SERVER_HOSTNAM', 'SERVER_HOSTNAME'],
  ['server_hostname', 'SERVER_HOSTNAME'],
  ['MAIL_SERVR', 'MAIL_SERVER'],
  ['NOTHING_OF_THE_KIND_AT_ALL', undefined],
] as const)('the nearest key to %s is %s', async ([key, nearest]) => {
  const file = await fileWith(`${key}: x`)
  const faults = faultsOf(() => loadConfig({ file, environment: {} }))
  expect(faults.map((fault) => [fault.key, fault.nearest])).toEqual([[key, nearest]])
})

test('a key of Quay that is not built warns, in the file and in the environment', async () => {
  const file = await fileWith('AVATAR_KIND: local\nGITHUB_LOGIN_CONFIG: { CLIENT_ID: a }\n')
  const { warnings } = loadConfig({
    file,
    environment: { GOOGLE_LOGIN_CONFIG: '{}', DEBUG: '*' },
  })
  expect(warnings.map((line) => line.split(' ')[0])).toEqual([
    'AVATAR_KIND',
    'GITHUB_LOGIN_CONFIG',
    'GOOGLE_LOGIN_CONFIG',
  ])
})

test('of unknown names in the environment only those of features warn', () => {
  const { warnings } = load({ FEATURE_USER_CREATON: 'true', PATH: '/bin', SERVER_HOSTNAM: 'x' })
  expect(warnings).toEqual([
    'FEATURE_USER_CREATON (the environment) is no key of the registry: it has no effect; did you mean FEATURE_USER_CREATION?',
  ])
})

test.for([
  ['SECRET_KEY: tooshort', 'tooshort'],
  ['SECRET_KYE: abcdefghijklmnop', 'abcdefghijklmnop'],
  ['SERCET_KYE: abcdefghijklmnop', 'abcdefghijklmnop'],
  ['DATABASE_URL: mysql://ada:hunter2@host/x', 'hunter2'],
  ['DATABASE_URL: ada:hunter2@host', 'hunter2'],
  ['DATABASE_URL: "postgres://host/x y?password=hunter2"', 'hunter2'],
  ['PORT: [SECRET_KEY: hunter2', 'hunter2'],
] as const)('no fault shows the secret in %s', async ([text, secret]) => {
  const file = await fileWith(text)
  const faults = faultsOf(() => loadConfig({ file, environment: {} }))
  expect(faults).not.toEqual([])
  expect(faults.map(describeFault).join('\n')).not.toContain(secret)
})

test('values are shown with their units, and secrets are not', () => {
  const { config } = load({
    DATABASE_URL: 'postgres://ada:p@ss/word@host/db?sslmode=require',
    SECRET_KEY: 'abcdefghijklmnop',
    SESSION_TIMEOUT: '1209600s',
  })
  expect(describeValue(config, 'DATABASE_URL')).toBe('"postgres://ada:***@host/db?sslmode=require"')
  expect(describeValue(config, 'SECRET_KEY')).toBe('(hidden)')
  expect(describeValue(config, 'SESSION_TIMEOUT')).toBe('"2w"')
})

test.for([
  ['127.0.0.1,::1', true],
  ['localhost', true],
  ['127.0.0.1,192.168.1.7', false],
  ['0.0.0.0', false],
  ['::', false],
] as const)('with BIND %s the first account can be made over HTTP: %s', ([bind, expected]) => {
  expect(load({ BIND: bind }).config.FEATURE_USER_INITIALIZE).toBe(expected)
  expect(load({ BIND: bind, FEATURE_USER_INITIALIZE: 'true' }).config.FEATURE_USER_INITIALIZE).toBe(
    true,
  )
})

test('mailing is on when there is a mail server', () => {
  expect(load().config.FEATURE_MAILING).toBe(false)
  const environment = { MAIL_SERVER: 'smtp.example.com', SERVER_HOSTNAME: 'example.com:8443' }
  expect(load(environment).config).toMatchObject({
    FEATURE_MAILING: true,
    MAIL_DEFAULT_SENDER: 'registry@example.com',
  })
  expect(load({ ...environment, FEATURE_MAILING: 'false' }).config.FEATURE_MAILING).toBe(false)
})

test('mailing needs a server, and a host for the links in mails', () => {
  const faults = (environment: NodeJS.ProcessEnv) =>
    faultsOf(() => load(environment)).map(({ key }) => key)
  expect(faults({ FEATURE_MAILING: 'true' })).toEqual(['MAIL_SERVER', 'SERVER_HOSTNAME'])
  expect(faults({ MAIL_SERVER: 'smtp.example.com' })).toEqual(['SERVER_HOSTNAME'])
  expect(faults({ MAIL_USERNAME: 'registry' })).toEqual(['MAIL_USERNAME'])
})

test('rules over two keys are kept', () => {
  const environment = {
    DEFAULT_TAG_EXPIRATION: '3d',
    LABELED_EXPIRATION_MINIMUM: '2w',
    LABELED_EXPIRATION_MAXIMUM: '1w',
  }
  expect(faultsOf(() => load(environment)).map(({ key }) => key)).toEqual([
    'DEFAULT_TAG_EXPIRATION',
    'LABELED_EXPIRATION_MINIMUM',
  ])
})

test.for([
  'postgres://ada@db.example.com:5432/portolan?sslmode=require',
  'postgresql:///portolan?host=/var/run/postgresql',
  'postgres://%2Fvar%2Frun%2Fpostgresql/portolan',
])('%s is a database', (url) => {
  const environment = { DATABASE_URL: url, SECRET_KEY: 'abcdefghijklmnop' }
  expect(load(environment).config.DATABASE_URL).toBe(url)
})

test.for([
  [
    'a: b: c',
    'correct YAML; Nested mappings are not allowed in compact mappings at line 1, column 4',
  ],
  ['PORT: 1\nPORT: 2', 'correct YAML; Map keys must be unique at line 2, column 1'],
  ['- PORT', 'a YAML mapping of keys to values'],
  ['PORT: *here', 'correct YAML; Unresolved alias (the anchor must be set before the alias): here'],
] as const)('the file %j is refused with its place', async ([text, allowed]) => {
  const file = await fileWith(text)
  expect(faultsOf(() => loadConfig({ file, environment: {} }))).toEqual([
    { key: '--config', value: JSON.stringify(file), allowed },
  ])
})

test('a file that is not there is a fault of whoever named it', () => {
  expect(faultsOf(() => load({ PORTOLAN_CONFIG: '/nowhere.yaml' }))).toEqual([
    {
      key: 'PORTOLAN_CONFIG',
      value: '"/nowhere.yaml"',
      allowed: 'a file that can be read (ENOENT)',
    },
  ])
})

test('the secret key is made once, for the owner only, however many start at once', async () => {
  const home = join(await folder(), 'new', 'data')
  const keys = await Promise.all(Array.from({ length: 20 }, async () => ensureSecretKey(home)))
  expect(new Set(keys).size).toBe(1)
  expect(keys[0]).toMatch(/^[\w-]{43}$/)
  expect(statSync(join(home, 'secret-key')).mode & 0o777).toBe(0o600)
  expect(await readdir(home)).toEqual(['secret-key'])
  expect(await ensureSecretKey(home)).toBe(keys[0])
})

test('a damaged secret key is never replaced', async () => {
  const home = await folder()
  await writeFile(join(home, 'secret-key'), '')
  await expect(ensureSecretKey(home)).rejects.toThrow('is damaged')
})

test('docs/configuration.md is what tools/config-docs.ts writes', () => {
  const path = new URL('../docs/configuration.md', import.meta.url)
  expect(readFileSync(path, 'utf8')).toBe(writeConfigDocs())
})
