import { loadConfig, type LoadedConfig } from '#config.ts'
import { complain } from './output.ts'

/** Options of every command. */
export interface ConfigOption {
  config?: string
}

/** The configuration of a command; what has no effect in it goes to stderr. Throws `ConfigError`. */
export function loadForCommand({ config: file }: ConfigOption): LoadedConfig {
  const loaded = loadConfig({ ...(file === undefined ? {} : { file }), environment: process.env })
  for (const warning of loaded.warnings) complain(`warning: ${warning}`)
  return loaded
}
