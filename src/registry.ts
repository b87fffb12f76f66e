import type { createServer } from 'node:http'
import type { Logger } from 'pino'

import { systemClock, type Clock } from '#domain/clock.ts'
import { openIssuerKeys } from '#credentials/issuer-keys.ts'
import { openSigningKeys } from '#credentials/signing-keys.ts'
import { openSealer } from '#credentials/secrets.ts'
import { openTokenVerifier } from '#credentials/registry-tokens.ts'
import { createApp } from '#http/app.ts'
import { openBlobWatch } from '#http/blob-watch.ts'
import { openMetrics } from '#http/metrics.ts'
import { startJobs, type Jobs } from '#jobs/run.ts'
import { openOutbound } from '#outbound/outbound.ts'
import { openLastUse } from '#services/last-use.ts'
import { openBlobRecheck } from '#services/recheck-blob.ts'
import { connect } from '#store/db.ts'
import type { BlobDriver } from '#storage/driver.ts'
import type { Config } from '#config.ts'
import type { Deps } from '#deps.ts'

/** What a registry is made of; where it comes from is the caller's business. */
export interface RegistryParts {
  config: Config
  connectionString: string
  secretKey: string
  blobs: BlobDriver
  log: Logger
  clock?: Clock
  /** How long a client may keep the body of a request waiting; 25 seconds when it is left out. */
  bodyTimeoutMs?: number
}

/** A composed registry: it answers requests, but does not listen by itself. */
export interface Registry {
  deps: Deps
  handle: Parameters<typeof createServer>[1] & {}
  /** Begins with background work. */
  startJobs(): Promise<Jobs>
  /** Ends the connections to the database. Requests and jobs must be over. */
  close(): Promise<void>
}

const maxConnections = 20

/** Puts the parts together. The database must have been migrated. */
export async function composeRegistry(parts: RegistryParts): Promise<Registry> {
  const { config, secretKey, blobs, log } = parts
  const clock = parts.clock ?? systemClock
  const connection = connect({ connectionString: parts.connectionString, maxConnections })
  const { db } = connection
  const issuer = config.INSTANCE_SERVICE_KEY_SERVICE
  const keys = openSigningKeys({ db, secretKey, service: issuer, clock })
  const sealer = openSealer(secretKey)
  const outbound = openOutbound({ allowedHosts: config.SSRF_ALLOWED_HOSTS })
  const lastUse = openLastUse({
    db,
    clock,
    config,
    onError: (error) => log.warn(error, 'the times of last use could not be written yet'),
  })
  const metrics = openMetrics(connection.pool)
  const recheckBlob = openBlobRecheck({ db, blobs, clock, log }, (verdict) => {
    if (verdict === 'marked') metrics.damaged()
  })
  const deps: Deps = { config, db, blobs, clock, log, keys, recheckBlob, sealer, lastUse, outbound }
  const app = await createApp({
    ...deps,
    secretKey,
    issuerKeys: openIssuerKeys({ outbound, clock }),
    verifyToken: openTokenVerifier({ keys, issuer, clock }),
    metrics,
    watch: openBlobWatch(recheckBlob),
    bodyTimeoutMs: parts.bodyTimeoutMs,
  })
  return {
    deps,
    handle: app.callback(),
    startJobs: () => startJobs(deps, connection.pool),
    async close() {
      await lastUse.close()
      await connection.close()
    },
  }
}
