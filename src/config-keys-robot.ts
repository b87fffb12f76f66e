import { key, told } from './config-key.ts'
import { boolean, host, list, text } from './config-kinds.ts'

/** Keys of robots. */
export const robots = {
  ROBOTS_DISALLOW: key(
    boolean,
    false,
    'Robots cannot be made, and cannot log in unless ROBOTS_WHITELIST names them',
    told,
  ),
  ROBOTS_WHITELIST: key(
    list(text('a robot such as acme+deploy', { pattern: '^[^+\\s]+\\+[^+\\s]+$', maxLength: 511 })),
    [],
    'Robots that may log in although ROBOTS_DISALLOW is on',
  ),
  FEATURE_USER_LAST_ACCESSED: key(
    boolean,
    true,
    'When a robot last logged in is written down and shown',
  ),
}

/** Keys of what the registry asks of hosts that its users name. */
export const outgoing = {
  SSRF_ALLOWED_HOSTS: key(
    list(host),
    [],
    'Hosts and networks that may be called although they are internal, and with http too',
  ),
}
