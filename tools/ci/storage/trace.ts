/** A system call as strace wrote it; begin and end are numbers of lines, which are in the order of time. */
export interface SystemCall {
  /** Of the thread. */
  pid: string
  name: string
  /** Everything between the brackets. */
  text: string
  result: string
  begin: number
  end: number
}

/** Reads the output of `strace -f -yy`. A call during which another thread wrote is on two lines. */
export function parseTrace(output: string): SystemCall[] {
  const calls: SystemCall[] = []
  const unfinished = new Map<string, { name: string; text: string; begin: number }>()
  for (const [line, written] of output.split('\n').entries()) {
    const [, pid = '', rest = ''] = /^(\d+) +(.*)$/.exec(written) ?? []
    const [, name = '', begun = ''] = /^(\w+)\((.*)$/.exec(rest) ?? []
    const [, resumed] = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest) ?? []
    const former = resumed === undefined ? undefined : unfinished.get(pid)
    if (name === '' && !former) continue
    const call = former ?? { name, text: '', begin: line }
    const text = call.text + (resumed ?? begun)
    const cut = text.indexOf(' <unfinished ...>')
    if (cut >= 0) {
      unfinished.set(pid, { ...call, text: text.slice(0, cut) })
      continue
    }
    unfinished.delete(pid)
    const end = text.lastIndexOf(') ')
    const result = text.slice(end + 1).replace(/^ *= /, '')
    calls.push({ ...call, pid, text: text.slice(0, end), result, end: line })
  }
  return calls
}

/** One push to look for in a trace. */
export interface TracedPush {
  /** Hex digits of the blob's digest. */
  hex: string
}

/** A step of a push, and how its system call is known. */
interface Step {
  what: string
  matches: (call: SystemCall, earlier: Map<string, SystemCall>) => boolean
}

const isWrite = ({ name }: SystemCall) => /^(?:write|writev|sendto|sendmsg)$/.test(name)
const isRead = ({ name }: SystemCall) => /^(?:read|readv|recvfrom|recvmsg)$/.test(name)
const isDone = ({ result }: SystemCall) => result.startsWith('0')
/** True for two calls of one process on one of its sockets. */
const isSameEnd = (a: SystemCall, b: SystemCall) =>
  a.pid === b.pid && /^\d+<[^>]*>/.exec(a.text)?.[0] === /^\d+<[^>]*>/.exec(b.text)?.[0]

/**
 * The steps of a push in the order that makes it durable before it is acknowledged (ADR 0018). Each must be over before
 * the next begins.
 */
function stepsOf({ hex }: TracedPush): Step[] {
  const folder = `blobs/sha256/${hex.slice(0, 2)}`
  return [
    {
      what: 'the bytes are synced',
      matches: (call, earlier) =>
        /^f(?:data)?sync$/.test(call.name) &&
        isDone(call) &&
        /\/uploads\/[0-9a-f-]+>$/.test(call.text) &&
        !earlier.has('the name is in place'),
    },
    {
      what: 'the name is in place',
      matches: (call) =>
        call.name.startsWith('rename') && isDone(call) && call.text.includes(`${folder}/${hex}"`),
    },
    {
      what: 'the folder is synced',
      matches: (call) => call.name === 'fsync' && isDone(call) && call.text.endsWith(`${folder}>`),
    },
    {
      what: 'the row is written',
      matches: (call) =>
        isWrite(call) && /^\d+<UNIX/.test(call.text) && call.text.includes(`sha256:${hex}`),
    },
    {
      what: 'the log of the database is synced',
      matches: (call) =>
        /^f(?:data)?sync$/.test(call.name) && isDone(call) && call.text.includes('/pg_wal/'),
    },
    {
      what: 'the database says that it is committed',
      matches: (call, earlier) =>
        isRead(call) &&
        isSameEnd(call, earlier.get('the row is written')!) &&
        call.text.includes('COMMIT'),
    },
    {
      what: 'the client gets 201',
      matches: (call) =>
        isWrite(call) && call.text.includes('HTTP/1.1 201') && call.text.includes(`sha256:${hex}`),
    },
  ]
}

/** Says what is missing, or begins before the step before it is over; empty when the order holds. */
export function judgePush(calls: readonly SystemCall[], push: TracedPush): string[] {
  const earlier = new Map<string, SystemCall>()
  const ordered = calls.toSorted((a, b) => a.begin - b.begin)
  let last: SystemCall | undefined
  for (const { what, matches } of stepsOf(push)) {
    const found = ordered.find((call) => call.begin > (last?.end ?? -1) && matches(call, earlier))
    if (!found)
      return [
        `${push.hex.slice(0, 12)}: ${what}: not after ${[...earlier.keys()].at(-1) ?? 'the start'}`,
      ]
    earlier.set(what, found)
    last = found
  }
  return findEarlyAnswer(ordered, push, last!)
}

/** The order must hold for the first answer, not for some later one. */
function findEarlyAnswer(
  calls: readonly SystemCall[],
  { hex }: TracedPush,
  answer: SystemCall,
): string[] {
  const first = calls.find(
    (call) =>
      isWrite(call) && call.text.includes('HTTP/1.1 201') && call.text.includes(`sha256:${hex}`),
  )
  return first === answer ? [] : [`${hex.slice(0, 12)}: the client gets 201 before all is durable`]
}
