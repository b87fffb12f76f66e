import { describeValue, loadConfig } from '#config.ts'
import type { ConfigOption } from './configuration.ts'
import { say } from './output.ts'

/** `portolan config check`: says that the configuration is valid, what has no effect, and what differs from the defaults. Throws `ConfigError`. */
export function checkConfig({ config: file }: ConfigOption): void {
  const { config, sources, warnings } = loadConfig({
    ...(file === undefined ? {} : { file }),
    environment: process.env,
  })
  say('configuration is valid')
  for (const warning of warnings) say(`warning: ${warning}`)
  for (const [name, source] of sources) say(`${name} = ${describeValue(config, name)} (${source})`)
}
