/*
 * Runs in the browser at /docs: Swagger UI over both documents. Calls carry what the page knows: the session cookie and
 * its CSRF token, or a token that was pasted in under Authorize.
 */
const signInLine = document.querySelector('#sign-in')
const documents = ['v1', 'v2'].map((name) => ({ name, url: `/openapi/${name}.json` }))
let csrfToken

/** The CSRF token of the session: fetched when first needed, then remembered. */
async function getCsrfToken() {
  if (csrfToken === undefined) {
    const response = await fetch('/csrf_token')
    if (response.ok) csrfToken = (await response.json()).csrf_token
  }
  return csrfToken
}

/** Makes a call what a client's would be: slashes in the path as they are, and the CSRF token where the cookie decides. */
async function prepareRequest(request) {
  if (request.loadSpec) return request
  const [path, ...query] = request.url.split('?')
  request.url = [path.replaceAll(/%2F/gi, '/').replaceAll(/%3A/gi, ':'), ...query].join('?')
  const isRegistryApi = new URL(request.url, location.href).pathname.startsWith('/v2/')
  // /v2 takes no cookie; and without credentials a refused password opens no window of the browser's own.
  request.credentials = isRegistryApi ? 'omit' : 'same-origin'
  const isSafe = /^(?:GET|HEAD|OPTIONS)$/i.test(request.method)
  if (isRegistryApi || isSafe || request.headers.Authorization) return request
  request.headers['X-Requested-With'] = 'XMLHttpRequest'
  const token = await getCsrfToken()
  if (token !== undefined) request.headers['X-CSRF-Token'] = token
  return request
}

/** Follows sign-ins and sign-outs, which change the CSRF token; documents are made ready to be shown. */
async function readResponse(response) {
  const { pathname } = new URL(response.url, location.href)
  if (documents.some(({ url }) => url === pathname)) {
    if (response.ok) response.text = JSON.stringify(showable(JSON.parse(response.text)))
    return response
  }
  const next = response.headers['x-next-csrf-token']
  if (next !== undefined) {
    csrfToken = next
    await showWhoIsSignedIn()
  } else if (pathname === '/api/v1/signout' && response.ok) {
    csrfToken = undefined
    showNobody()
  } else if (response.status === 403) csrfToken = undefined
  return response
}

/**
 * The document as this page can use it. An OAuth token is pasted in as any bearer token. Cookie and CSRF token are sent
 * by the browser and by this page: nobody has to fill them in, so Authorize does not ask for them.
 */
function showable(api) {
  const schemes = api.components.securitySchemes
  const { description } = schemes.oauthToken ?? {}
  if (schemes.oauthToken) schemes.oauthToken = { type: 'http', scheme: 'bearer', description }
  const automatic = ['session', 'csrf'].filter((name) => name in schemes)
  for (const name of automatic) delete schemes[name]
  const operations = Object.values(api.paths).flatMap((item) => Object.values(item))
  for (const operation of operations)
    operation.security = operation.security
      ?.map((alternative) => withoutCookies(alternative, automatic))
      .filter((alternative) => alternative !== undefined)
  const parameters = operations.flatMap((operation) => operation.parameters ?? [])
  for (const parameter of [...parameters, ...Object.values(api.components.parameters ?? {})])
    if (!parameter.required && parameter.example !== undefined) leaveEmpty(parameter)
  return api
}

/** The alternative without what is sent anyway and without scopes; undefined when nothing is left to fill in. */
function withoutCookies(alternative, automatic) {
  const names = Object.keys(alternative)
  const others = names.filter((name) => !automatic.includes(name))
  if (names.length > 0 && others.length === 0) return undefined
  return Object.fromEntries(others.map((name) => [name, []]))
}

/** Swagger UI sends the examples that it fills in: those of filters would hide most of what there is. */
function leaveEmpty(parameter) {
  parameter.description = `${parameter.description ?? ''} Example: \`${parameter.example}\``
  delete parameter.example
}

async function showWhoIsSignedIn() {
  const response = await fetch('/api/v1/user/')
  if (!response.ok) return showNobody()
  const { username } = await response.json()
  const name = document.createElement('strong')
  name.textContent = username
  signInLine.replaceChildren('Signed in as ', name, '. Calls to v1 are made in your name.')
}

function showNobody() {
  const link = document.createElement('a')
  link.href = '/docs?urls.primaryName=v1#/user/signinUser'
  link.textContent = 'signinUser'
  signInLine.replaceChildren('Not signed in. Try out ', link, ', or paste a token under Authorize.')
}

if (signInLine.dataset.session === 'maybe') await showWhoIsSignedIn()
else showNobody()

// Swagger UI looks at the fragment only when it starts.
addEventListener('hashchange', () => location.reload())

const { SwaggerUIBundle, SwaggerUIStandalonePreset } = globalThis
SwaggerUIBundle({
  dom_id: '#swagger-ui',
  urls: documents,
  'urls.primaryName': new URLSearchParams(location.search).get('urls.primaryName') ?? 'v1',
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: 'StandaloneLayout',
  deepLinking: true,
  displayOperationId: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  filter: true,
  defaultModelsExpandDepth: 0,
  persistAuthorization: false,
  // Else every document is sent to a validator on the internet.
  validatorUrl: null,
  requestInterceptor: prepareRequest,
  responseInterceptor: readResponse,
})
