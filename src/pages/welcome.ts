import { renderPage } from './layout.ts'
import { markup, type Markup } from './markup.ts'

/** What the welcome page tells about. */
export interface Welcome {
  /** Title of the registry (REGISTRY_TITLE). */
  registry: string
  /** Scheme, host and port that the visitor used. */
  baseUrl: string
  /** Host and port of `baseUrl`. */
  host: string
  /** How the first account is made while there is none: on the server's command line, and over the API if that is open. */
  firstAccount: 'command' | 'command-or-api' | undefined
  /** People can make accounts by themselves. */
  signUp: boolean
}

/** The page at `/`: what this is, how to log in and push to the host that the visitor used, where to read on. */
export function renderWelcome(welcome: Welcome): string {
  return renderPage({
    registry: welcome.registry,
    main: markup`<h1>${welcome.registry} is a container registry</h1>
<p class="lead">It keeps container images, Helm charts and every other OCI artifact. Docker, podman, skopeo and all clients of the OCI
distribution protocol push to it and pull from it; tools that know the API of Quay manage it.</p>
${firstAccount(welcome)}
${push(welcome)}
${links()}`,
  })
}

function firstAccount({ firstAccount: way, baseUrl }: Welcome): Markup | undefined {
  if (way === undefined) return undefined
  const command = terminal(
    markup`npm run portolan -- user create <var>NAME</var> --email <var>NAME@example.com</var> --superuser`,
  )
  const api = markup`<p>Or over the API. It works once, as long as nobody has an account:</p>
${terminal(markup`curl -X POST ${baseUrl}/api/v1/user/initialize \\
  -H 'Content-Type: application/json' \\
  -d '{"username": "<var>NAME</var>", "password": "<var>PASSWORD</var>", "email": "<var>NAME@example.com</var>"}'`)}`
  return markup`<section class="notice" aria-labelledby="first-account">
<h2 id="first-account">Make the first account</h2>
<p>Nobody has an account here yet. Make one where the registry runs:</p>
${command}
${way === 'command-or-api' ? api : undefined}
</section>`
}

function push(welcome: Welcome): Markup {
  return markup`<section aria-labelledby="push">
<h2 id="push">Log in and push</h2>
<p>Put your user name for <var>NAME</var>. ${accountHint(welcome)}</p>
${client('Docker', dockerLines(welcome), dockerNote(welcome))}
${client('Podman', podmanLines(welcome))}
${client('Skopeo', skopeoLines(welcome))}
</section>`
}

function accountHint({ firstAccount: way, signUp }: Welcome): Markup | undefined {
  if (way !== undefined || !signUp) return undefined
  return markup`No account yet? <a href="/docs?urls.primaryName=v1#/user/createNewUser">Make one</a>.`
}

function client(name: string, lines: Markup, note?: Markup): Markup {
  return markup`<h3>${name}</h3>${terminal(lines)}${note}`
}

function dockerLines({ host }: Welcome): Markup {
  return markup`docker login ${host}
docker pull busybox
docker tag busybox ${host}/<var>NAME</var>/busybox
docker push ${host}/<var>NAME</var>/busybox`
}

/** Docker takes plain HTTP from its own machine only. */
function dockerNote({ host, baseUrl }: Welcome): Markup | undefined {
  const isOwnMachine = /^(?:localhost|127\.[\d.]+|\[::1\])(?::\d+)?$/.test(host)
  if (isOwnMachine || !isPlain(baseUrl)) return undefined
  return markup`<p>This registry is reached without TLS, so Docker wants <code>"insecure-registries": ["${host}"]</code> in
its <code>daemon.json</code>.</p>`
}

function podmanLines({ host, baseUrl }: Welcome): Markup {
  const plain = isPlain(baseUrl) ? '--tls-verify=false ' : ''
  return markup`podman login ${plain}${host}
podman pull docker.io/library/busybox
podman push ${plain}busybox ${host}/<var>NAME</var>/busybox`
}

function skopeoLines({ host, baseUrl }: Welcome): Markup {
  const [login, copy] = isPlain(baseUrl)
    ? ['--tls-verify=false ', '--dest-tls-verify=false ']
    : ['', '']
  return markup`skopeo login ${login}${host}
skopeo copy --all ${copy}docker://docker.io/library/busybox docker://${host}/<var>NAME</var>/busybox`
}

const isPlain = (baseUrl: string) => baseUrl.startsWith('http:')

/** Commands to copy. */
function terminal(lines: Markup): Markup {
  return markup`<pre><code>${lines}</code></pre>`
}

function links(): Markup {
  return markup`<section aria-labelledby="more">
<h2 id="more">Read on</h2>
<ul class="links">
<li><a href="/docs">API docs</a> Every operation of both APIs, to read and to try out.</li>
<li><a href="/openapi/v1.json">OpenAPI document, v1</a> The management API: repositories, tags, people, rights.</li>
<li><a href="/openapi/v2.json">OpenAPI document, v2</a> The registry API: push and pull, as the OCI specifies them.</li>
<li><a href="/metrics">Metrics</a> Requests, blobs, database and process, for Prometheus.</li>
</ul>
</section>`
}
