import type { Logger } from 'pino'

import type { Clock } from '#domain/clock.ts'
import type { LastUse } from '#domain/last-use.ts'
import type { Config } from '#config.ts'
import type { Db } from '#store/db.ts'
import type { BlobDriver } from '#storage/driver.ts'
import type { Sealer } from '#credentials/secrets.ts'
import type { SigningKeys } from '#credentials/signing-keys.ts'
import type { Outbound } from '#outbound/outbound.ts'
import type { RecheckBlob } from '#services/recheck-blob.ts'

/** What handlers and services work with; composed once in `registry.ts`. */
export interface Deps {
  config: Config
  db: Db
  blobs: BlobDriver
  clock: Clock
  log: Logger
  keys: SigningKeys
  recheckBlob: RecheckBlob
  sealer: Sealer
  lastUse: LastUse
  outbound: Outbound
}
