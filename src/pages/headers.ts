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

/**
 * Headers of everything that people see: nothing from elsewhere runs or is loaded, nobody frames it, types are not
 * guessed. Swagger UI styles elements from its script, which its page alone allows (`inlineStyle`).
 */
export function pageHeaders({ inlineStyle = false } = {}): Record<string, string> {
  const applied = inlineStyle ? { ...policy, 'style-src': "'self' 'unsafe-inline'" } : policy
  return {
    'Content-Security-Policy': Object.entries(applied)
      .map(([name, value]) => `${name} ${value}`)
      .join('; '),
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'same-origin',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
  }
}
