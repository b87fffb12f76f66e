const policy = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self' data:",
  'connect-src': "'self'",
  'frame-ancestors': "'none'",
  'base-uri': "'none'",
  'form-action': "'self'",
}

/** What a page may want otherwise. */
export interface PagePolicy {
  /** Elements may be styled by a script, as Swagger UI does. */
  inlineStyle?: boolean
  /** Where its form may lead beside this registry. Browsers hold a form to its policy over every redirect. */
  formTarget?: string
}

/**
 * Headers of everything that people see: nothing from elsewhere runs or is loaded, nobody frames it, types are not
 * guessed.
 */
export function pageHeaders(wanted: PagePolicy = {}): Record<string, string> {
  return {
    'Content-Security-Policy': contentPolicy(wanted),
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'same-origin',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
  }
}

/** The Content-Security-Policy of a page. */
export function contentPolicy({ inlineStyle = false, formTarget }: PagePolicy): string {
  const applied = {
    ...policy,
    ...(inlineStyle ? { 'style-src': "'self' 'unsafe-inline'" } : {}),
    ...(formTarget === undefined ? {} : { 'form-action': `'self' ${formTarget}` }),
  }
  return Object.entries(applied)
    .map(([name, value]) => `${name} ${value}`)
    .join('; ')
}
