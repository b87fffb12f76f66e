/** Middleware that keeps a sign-in: `fetch` of Node has no cookie jar, and the CSRF token changes with every sign-in. */
export function keepSession() {
  let cookie = ''
  let csrfToken = ''
  return {
    async pre({ url, init }: { url: string; init: RequestInit }) {
      const headers = { ...(init.headers as object), Cookie: cookie, 'X-CSRF-Token': csrfToken }
      return { url, init: { ...init, headers } }
    },
    async post({ url, response }: { url: string; response: Response }) {
      const cookies = response.headers.getSetCookie().map((each) => each.split(';')[0])
      if (cookies.length > 0) cookie = cookies.join('; ')
      csrfToken = response.headers.get('X-Next-CSRF-Token') ?? csrfToken
      if (!url.endsWith('/csrf_token')) return
      csrfToken = ((await response.clone().json()) as { csrf_token: string }).csrf_token
    },
  }
}
