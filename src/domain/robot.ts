/** Whose tokens stand for a robot: those of this issuer for this subject and audience. */
export interface FederationEntry {
  issuer: string
  subject: string
  /** Undefined: the host of the registry. */
  audience?: string
}

/** The settings that switch robots off. */
export interface RobotRules {
  ROBOTS_DISALLOW: boolean
  ROBOTS_WHITELIST: readonly string[]
}

/** True when a robot, `owner+short`, may log in: always, unless robots are disallowed and it is not on the list. */
export function mayLogInAsRobot(name: string, rules: RobotRules): boolean {
  return !rules.ROBOTS_DISALLOW || rules.ROBOTS_WHITELIST.includes(name)
}
