import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import { expect, test } from 'vitest'

const root = new URL('..', import.meta.url)

/** Runs the command line; `environment` is all that the process sees of one. */
async function portolan(args: string[], environment: NodeJS.ProcessEnv = {}, input = '') {
  const child = spawn(process.execPath, ['src/main.ts', ...args], { cwd: root, env: environment })
  const code = new Promise<number | null>((resolve) => child.once('close', resolve))
  child.stdin.end(input)
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await code, stdout, lines: stderr.split('\n').filter((line) => line !== '') }
}

test.for([
  [],
  ['serve'],
  ['user'],
  ['user', 'create'],
  ['config'],
  ['config', 'check'],
  ['migrate'],
  ['fsck'],
  ['clean-up'],
])('--help explains %j with examples', async (command) => {
  const { code, stdout, lines } = await portolan([...command, '--help'])
  expect([code, lines]).toEqual([0, []])
  expect(stdout).toMatch(/^Usage: portolan/)
  expect(stdout).toMatch(/Examples:\n {2}.*portolan/)
})

test('--version is the version of package.json', async () => {
  const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))
  expect(await portolan(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, lines: [] })
})

test.for([
  [[], 'a command is missing; --help lists them'],
  [['user'], 'a command is missing; --help lists them'],
  [['srve'], "unknown command 'srve' (Did you mean serve?)"],
  [['serve', '--confg', 'x'], "unknown option '--confg' (Did you mean --config?)"],
  [['serve', '--config'], "option '--config <file>' argument missing"],
  [['user', 'create', 'ada'], "required option '--email <address>' not specified"],
  [['user', 'create', '--email', 'a@example.com'], "missing required argument 'name'"],
  [['migrate', 'now'], "too many arguments for 'migrate'. Expected 0 arguments but got 1: now."],
  [
    ['user', 'create', 'ada', '--email', 'a@example.com'],
    'there is no terminal to ask for the password: use --password-stdin',
  ],
  [
    ['user', 'create', 'ada', '--email', 'a@example.com', '--password-stdin'],
    'the password is empty',
  ],
] as const)('%j is refused with one line and code 2', async ([args, line]) => {
  expect(await portolan([...args])).toEqual({ code: 2, stdout: '', lines: [`portolan: ${line}`] })
})

test.for(['serve', 'migrate'])(
  '%s lists every fault of the configuration and ends with 2',
  async (command) => {
    const { code, lines } = await portolan([command], { PORT: '0', LOG_LEVEL: 'loud' })
    expect([code, lines.toSorted()]).toEqual([
      2,
      [
        'portolan: LOG_LEVEL = "loud" (the environment): allowed: fatal | error | warn | info | debug | trace | silent',
        'portolan: PORT = 0 (the environment): allowed: a whole number from 1 to 65535',
      ],
    ])
  },
)

test('config check says what is set, where, and what has no effect', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'portolan-cli-')), 'portolan.yaml')
  await writeFile(file, 'PORT: 5000\nAVATAR_KIND: local\nMAXIMUM_LAYER_SIZE: 1024M\n')
  const { code, stdout, lines } = await portolan(['config', 'check', '--config', file], {
    SECRET_KEY: 'abcdefghijklmnop',
  })
  expect([code, lines]).toEqual([0, []])
  expect(stdout.split('\n')).toEqual([
    'configuration is valid',
    `warning: AVATAR_KIND (${file}) is a key of Quay's that is not built yet: it has no effect`,
    `PORT = 5000 (${file})`,
    `MAXIMUM_LAYER_SIZE = "1G" (${file})`,
    'SECRET_KEY = (hidden) (the environment)',
    '',
  ])
})

test('config check of a bad configuration prints nothing but its faults', async () => {
  const { code, stdout, lines } = await portolan(['config', 'check'], { PORT: 'x', BIND: 'y' })
  expect([code, stdout, lines.length]).toEqual([2, '', 2])
})
