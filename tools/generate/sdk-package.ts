import { readFileSync } from 'node:fs'

import type { Api } from './document.ts'

const subjects: Record<Api, string> = {
  v1: 'management API (`/api/v1`)',
  v2: 'distribution API (`/v2`)',
}

/** The files of an SDK package that do not follow from the document. */
export function packageFiles(api: Api): Record<string, string> {
  return {
    'package.json': json({
      name: `@portolan/sdk-${api}`,
      version: '0.1.0',
      private: true,
      description: `Client of Portolan's ${subjects[api].replaceAll('`', '')}, written by openapi-generator.`,
      license: 'Apache-2.0',
      type: 'module',
      sideEffects: false,
      exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
      files: ['dist', 'src'],
    }),
    'tsconfig.json': json({
      compilerOptions: {
        target: 'es2022',
        lib: ['es2022', 'dom', 'dom.iterable'],
        module: 'nodenext',
        types: [],
        strict: true,
        declaration: true,
        rootDir: 'src',
        outDir: 'dist',
      },
      include: ['src'],
    }),
    'README.md': readme(api),
  }
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

function readme(api: Api): string {
  return `# @portolan/sdk-${api}

Client of Portolan's ${subjects[api]} for browsers and Node, written by \`npm run generate\` from
\`generated/${api}.json\` with openapi-generator (typescript-fetch). Do not edit; \`SPEC.sha256\` names the document it came from.

\`\`\`ts
import { Configuration } from '@portolan/sdk-${api}'

const configuration = new Configuration({ basePath: 'http://localhost:8080', accessToken: 'TOKEN' })
\`\`\`

Each tag of the document is a class (\`new TagApi(configuration)\`), each operationId a method that takes one object:
parameters by name, the request body as \`body\`. Binary bodies are a \`Blob\`. A status of 400 or more throws
\`ResponseError\`, whose \`response\` holds the answer. Where the document allows several content types the first is sent;
name another in the second argument: \`async ({ init }) => ({ headers: { ...init.headers, 'Content-Type': '…' } })\`.
Response headers are in \`raw.headers\` of what the methods that end in \`Raw\` give.
${api === 'v1' ? signingIn() : ''}`
}

/** A test signs in by the same file. */
function signingIn(): string {
  const middleware = readFileSync(new URL('keep-session.ts', import.meta.url), 'utf8')
  return `
## Signing in with a password

Browsers keep the session cookie by themselves and need only \`apiKey: () => csrfToken\` in the configuration. In Node:

\`\`\`ts
${middleware}
const configuration = new Configuration({ basePath: 'http://localhost:8080', middleware: [keepSession()] })
await new WebApi(configuration).getCsrfToken()
await new UserApi(configuration).signinUser({ body: { username: 'ada', password: 'correct-horse-battery' } })
\`\`\`
`
}
