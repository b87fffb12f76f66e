import { expect, test } from 'vitest'

import { judgePush, parseTrace } from '../../tools/ci/storage/trace.ts'

const hex = 'ab'.padEnd(64, '0')
const blob = `/data/storage/blobs/sha256/ab/${hex}`
const upload = '/data/storage/uploads/0a1b2c3d-0000-4000-8000-000000000000-0'
const database = '26<UNIX-STREAM:[7->8]>'

/** What a push looks like; the database syncs its log in a process of its own. */
const good = [
  `10 fdatasync(31<${upload}>) = 0`,
  `11 rename("${upload}", "${blob}") = 0`,
  `10 fsync(31</data/storage/blobs/sha256/ab>) = 0`,
  `9 writev(${database}, [{iov_base="B\\0sha256:${hex}\\0", iov_len=90}], 1) = 90`,
  `20 fdatasync(5</data/postgres/pg_wal/000000010000000000000001>) = 0`,
  `9 read(${database}, "n\\0C\\0COMMIT\\0Z", 65536) = 28`,
  `9 write(30<TCP:[127.0.0.1:5000->127.0.0.1:40000]>, "HTTP/1.1 201 Created\\r\\nDocker-Content-Digest: sha256:${hex}\\r\\n", 90) = 90`,
]
const judge = (lines: readonly string[]) => judgePush(parseTrace(lines.join('\n')), { hex })

test('a push whose steps follow each other is fine', () => {
  expect(judge(good)).toEqual([])
})

test('other calls and calls of other pushes between the steps change nothing', () => {
  const other = good.map((line) => line.replaceAll(hex, 'cd'.padEnd(64, '0')))
  expect(judge(good.flatMap((line, index) => [other[index]!, '12 futex(0x1) = 0', line]))).toEqual(
    [],
  )
})

test.for(good.map((_, index) => index))('a push without step %i is a fault', (index) => {
  expect(judge(good.toSpliced(index, 1))).toHaveLength(1)
})

test.for(good.slice(1).map((_, index) => index))(
  'a push whose steps %i and the next are the other way round is a fault',
  (index) => {
    expect(judge(good.toSpliced(index, 2, good[index + 1]!, good[index]!))).toHaveLength(1)
  },
)

test('a step that begins before the one before is over is a fault', () => {
  const [sync = '', ...rest] = good
  const begun = sync.replace(') = 0', ' <unfinished ...>')
  expect(judge([begun, '10 <... fdatasync resumed>) = 0', ...rest])).toEqual([])
  expect(
    judge([begun, rest[0]!, '10 <... fdatasync resumed>) = 0', ...rest.slice(1)]),
  ).toHaveLength(1)
})

test('a sync that failed is none, and an answer before the end is not mended by one after it', () => {
  expect(
    judge(good.with(2, good[2]!.replace('= 0', '= -1 EIO (Input/output error)'))),
  ).toHaveLength(1)
  expect(judge([good.at(-1)!, ...good])).toHaveLength(1)
})
