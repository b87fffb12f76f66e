/** Fails when a link between the Markdown files of the tree leads to a file or a heading that is not there. */
import { access, glob, readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'

import { root } from './generate/run.ts'

const others = ['node_modules/**', 'generated/**', 'data/**', '.cache/**', '.git/**']

/** The text without code, in which brackets are no links. */
function prose(markdown: string): string {
  return markdown.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '')
}

/** The anchors that headings make, as GitHub writes them. */
function anchorsOf(markdown: string): Set<string> {
  const text = markdown.replaceAll(/^```[\s\S]*?^```/gm, '')
  const headings = [...text.matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading]) => heading ?? '')
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

async function faultsOf(path: string): Promise<string[]> {
  const links = prose(await readFile(join(root, path), 'utf8')).matchAll(/\]\(([^()\s]+)\)/g)
  const faults = await Promise.all([...links].map(([, link]) => faultOf(path, link ?? '')))
  return faults.filter((fault) => fault !== undefined)
}

async function faultOf(path: string, link: string): Promise<string | undefined> {
  if (/^[a-z]+:/.test(link)) return undefined
  const [file = '', anchor] = link.split('#')
  const target =
    file === '' ? join(root, path) : join(root, dirname(path), decodeURIComponent(file))
  if (relative(root, target).startsWith('..')) return `${path}: ${link} leads out of the tree`
  if (!(await exists(target))) return `${path}: ${link} leads nowhere`
  if (anchor === undefined || anchorsOf(await readFile(target, 'utf8')).has(anchor))
    return undefined
  return `${path}: ${link} names a heading that is not there`
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

const faults: string[] = []
for await (const path of glob('**/*.md', { cwd: root, exclude: others }))
  faults.push(...(await faultsOf(path)))
if (faults.length > 0) {
  console.error(faults.join('\n'))
  process.exitCode = 1
}
