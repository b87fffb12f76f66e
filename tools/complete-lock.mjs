// Completes package-lock.json after an install from a registry that lacks packages of other platforms: npm leaves them
// out of the lock then, and `npm ci` refuses the lock everywhere. Their versions are exact in the package that wants
// them; platform and processor follow from their names. Run: node tools/complete-lock.mjs
import { readFileSync, writeFileSync } from 'node:fs'

const file = new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(file, 'utf8'))
const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32']
const processors = ['arm', 'arm64', 'ia32', 'ppc64', 'riscv64', 's390x', 'x64']
const libraries = { gnu: 'glibc', musl: 'musl' }
let added = 0

for (const [path, wanting] of Object.entries(lock.packages))
  for (const [name, version] of Object.entries(wanting.optionalDependencies ?? {})) {
    const here = [`${path}/node_modules/${name}`, `node_modules/${name}`]
    if (path === '' || here.some((place) => lock.packages[place])) continue
    if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) continue
    lock.packages[`node_modules/${name}`] = {
      version,
      ...platformOf(name),
      ...(wanting.dev && { dev: true }),
      optional: true,
    }
    added += 1
  }

/** What npm compares with the machine; without it `npm ci` would fetch the package everywhere. */
function platformOf(name) {
  const words = name.replace('musleabihf', 'musl').replace('gnueabihf', 'gnu').split(/[-/]/)
  const of = (known) => words.filter((word) => known.includes(word))
  const [os, cpu] = [of(systems), of(processors)]
  const libc = of(Object.keys(libraries)).map((word) => libraries[word])
  return {
    ...(cpu.length && { cpu }),
    ...(os.length && { os }),
    ...(os.includes('linux') && libc.length && { libc }),
  }
}

const sorted = Object.entries(lock.packages).toSorted(([one], [other]) =>
  one.localeCompare(other, 'en'),
)
lock.packages = Object.fromEntries(sorted)
if (added > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
process.stdout.write(`${added} packages of other platforms added to package-lock.json\n`)
