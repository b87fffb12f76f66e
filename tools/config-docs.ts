import { writeFileSync } from 'node:fs'

import { configSections, type ConfigKey } from '#config-keys.ts'

const introduction = `# Configuration

Written by \`node tools/config-docs.ts\` from \`src/config-keys*.ts\`; edit those files.

Without any configuration the registry runs: its own PostgreSQL and its files in \`./data\`, on
http://localhost:8080, reachable from this machine only. Settings come from three places, the later over the earlier:

1. the defaults below;
2. one YAML file, named by \`--config FILE\` or by the environment variable \`PORTOLAN_CONFIG\`;
3. environment variables of the same names.

\`\`\`yaml
SERVER_HOSTNAME: registry.example.com
PREFERRED_URL_SCHEME: https
BIND: [0.0.0.0, '::']
SUPER_USERS: [ada]
\`\`\`

An empty value counts as not written. In the environment a list is comma separated or JSON, and a switch is true, false, 1 or 0.
Durations are a number and s, m, h, d or w; sizes are bytes, or a number and K, M, G or T (powers of 1024).
\`npm run portolan -- config check\` says what is wrong with a configuration, or where each of its values comes from.
The names are Quay's where Quay has the key. A key of Quay's that is not built yet gives a warning; a key that nobody knows
stops the start, in the file; in the environment only names that begin with \`FEATURE_\` are looked at, and give a warning.
`

/** The text of docs/configuration.md. */
export function writeConfigDocs(): string {
  const sections = Object.entries(configSections).map(([title, keys]) => {
    const rows = Object.entries(keys).map(([name, key]) => writeRow(name, key))
    return `\n## ${title}\n\n| key | default | allowed | meaning |\n|---|---|---|---|\n${rows.join('\n')}\n`
  })
  return introduction + sections.join('')
}

function writeRow(name: string, { kind, meaning, initial, derived }: ConfigKey<unknown>): string {
  const fallback =
    derived?.rule ?? (initial === undefined ? 'unset' : `\`${writeDefault(initial)}\``)
  return `| \`${name}\` | ${[fallback, kind.allowed, meaning].map(escapeCell).join(' | ')}. |`
}

function writeDefault(initial: unknown): string {
  return typeof initial === 'string' ? initial : JSON.stringify(initial)
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/^\*|(?<=[ ;])\*/g, '\\*')
}

if (import.meta.main)
  writeFileSync(new URL('../docs/configuration.md', import.meta.url), writeConfigDocs())
