import { readFileSync } from 'node:fs'

import { Command, CommanderError } from 'commander'

import { ConfigError, describeFault } from '#config.ts'
import type { ConfigOption } from './configuration.ts'
import { complain } from './output.ts'
import { UsageError } from './usage-error.ts'
import type { CleanUpOptions } from './clean-up.ts'
import type { FsckOptions } from './fsck.ts'
import type { UserCreateOptions } from './user-create.ts'

/**
 * Runs a command line (`argv` as in `process.argv`) and gives the exit code: 0; 2 for bad arguments or a bad
 * configuration, with one line on stderr for each thing that is wrong; 1 for everything else that fails.
 */
export async function runProgram(argv: readonly string[]): Promise<number> {
  try {
    await buildProgram().parseAsync(argv)
    return 0
  } catch (error) {
    return explain(error)
  }
}

/** The `portolan` command with all its commands. Their modules are loaded when they run, so that help is quick. */
function buildProgram(): Command {
  const program = new Command('portolan')
    .description('A container registry that speaks the API of Quay.')
    .version(readVersion(), '--version', 'print the version')
    .exitOverride()
    .configureOutput({
      // Help that nobody asked for would bury the one line that says what is wrong.
      writeErr: () => undefined,
      outputError: (text) => complain(oneLine(text)),
    })
    .helpCommand(false)
  addExamples(program, [
    'portolan serve',
    'portolan user create ada --email ada@example.com --superuser',
  ])
  addServe(program)
  addUser(program)
  addConfig(program)
  addMigrate(program)
  addFsck(program)
  addCleanUp(program)
  return program
}

function addServe(program: Command): void {
  const serve = program.command('serve').description('run the registry until it is stopped')
  withConfig(serve).action(async (options: ConfigOption) => {
    const { serveCommand } = await import('./serve.ts')
    await serveCommand(options)
  })
  addExamples(serve, [
    'portolan serve',
    'portolan serve --config portolan.yaml',
    'BIND=0.0.0.0 PORT=80 portolan serve',
  ])
}

function addUser(program: Command): void {
  const user = program.command('user').description('manage accounts')
  const create = user
    .command('create')
    .description('make an account')
    .argument('<name>', 'user name')
    .requiredOption('--email <address>', 'e-mail address')
    .option('--superuser', 'give it the rights of a superuser')
    .option('--password-stdin', 'read the password from stdin instead of asking for it')
  withConfig(create).action(async (name: string, options: UserCreateOptions) => {
    const { createUserCommand } = await import('./user-create.ts')
    await createUserCommand(name, options)
  })
  addExamples(user, ['portolan user create ada --email ada@example.com'])
  addExamples(create, [
    'portolan user create ada --email ada@example.com --superuser',
    'portolan user create ada --email ada@example.com --password-stdin < password.txt',
  ])
}

function addConfig(program: Command): void {
  const config = program.command('config').description('look at the configuration')
  const check = config
    .command('check')
    .description('say what is wrong with the configuration, or what it sets')
  withConfig(check).action(async (options: ConfigOption) => {
    const { checkConfig } = await import('./config-check.ts')
    checkConfig(options)
  })
  const examples = ['portolan config check', 'portolan config check --config portolan.yaml']
  addExamples(config, examples)
  addExamples(check, examples)
}

function addMigrate(program: Command): void {
  const migrate = program
    .command('migrate')
    .description('bring the database to the shape that this version needs')
  withConfig(migrate).action(async (options: ConfigOption) => {
    const { migrateCommand } = await import('./migrate.ts')
    await migrateCommand(options)
  })
  addExamples(migrate, ['portolan migrate', 'portolan migrate --config portolan.yaml'])
}

function addFsck(program: Command): void {
  const fsck = program
    .command('fsck')
    .description('compare the database and the stored bytes, and say what is wrong')
    .option('--deep', 'read all bytes and compare their digests too')
  withConfig(fsck).action(async (options: FsckOptions) => {
    const { fsckCommand } = await import('./fsck.ts')
    await fsckCommand(options)
  })
  addExamples(fsck, ['portolan fsck', 'portolan fsck --deep --config portolan.yaml'])
}

function addCleanUp(program: Command): void {
  const cleanUp = program
    .command('clean-up')
    .description('remove now what has expired, and bytes that the database does not know')
    .option(
      '--grace <duration>',
      'leave unknown bytes alone that are younger, such as 0s, 30m or 2d',
      '1h',
    )
  withConfig(cleanUp).action(async (options: CleanUpOptions) => {
    const { cleanUpCommand } = await import('./clean-up.ts')
    await cleanUpCommand(options)
  })
  addExamples(cleanUp, ['portolan clean-up', 'portolan clean-up --grace 0s'])
}

function withConfig(command: Command): Command {
  return command.option(
    '--config <file>',
    'YAML file to read (default: PORTOLAN_CONFIG, else none)',
  )
}

function addExamples(command: Command, examples: string[]): void {
  command.addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${line}`).join('\n')}`)
}

function explain(error: unknown): number {
  if (error instanceof CommanderError) return explainArguments(error)
  if (error instanceof ConfigError) {
    for (const fault of error.faults) complain(describeFault(fault))
    return 2
  }
  complain(error instanceof Error ? oneLine(error.message) : String(error))
  return error instanceof UsageError ? 2 : 1
}

/** Commander has written its line, except when a command was missing and it would have printed the help. */
function explainArguments({ exitCode, code }: CommanderError): number {
  if (exitCode === 0) return 0
  if (code === 'commander.help') complain('a command is missing; --help lists them')
  return 2
}

/** Commander puts its suggestion on a line of its own. */
function oneLine(text: string): string {
  return text
    .replace(/^error: /, '')
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ')
}

function readVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
