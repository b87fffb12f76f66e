const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** RFC 2822 date in UTC with `-0000`, as Quay writes it: `Wed, 01 Jan 2020 00:00:00 -0000`. */
export function rfcDate(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${days[date.getUTCDay()]}, ${two(date.getUTCDate())} ${months[date.getUTCMonth()]}`
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':')
  return `${day} ${date.getUTCFullYear()} ${time} -0000`
}

/** Whole seconds since 1970. */
export function epochSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000)
}

/** ISO 8601 in UTC with microseconds, as Quay writes the times of OAuth tokens: `2020-01-01T00:00:00.000000Z`. */
export function isoMicroseconds(date: Date): string {
  return date.toISOString().replace('Z', '000Z')
}
