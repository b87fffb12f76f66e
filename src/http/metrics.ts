import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

import type { Connection } from '#store/db.ts'

/** What `/metrics` shows, and how requests are counted. */
export interface Metrics {
  observe(request: { operationId: string; status: number; seconds: number }): void
  /** Bytes of blobs that went in or out. */
  transferred(direction: 'in' | 'out', bytes: number): void
  /** A blob whose bytes were found to be damaged. */
  damaged(): void
  readonly contentType: string
  render(): Promise<string>
}

/** Makes the metrics of one server. */
export function openMetrics(pool: Connection['pool']): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const requests = new Counter({
    name: 'portolan_requests_total',
    help: 'Requests answered, by operation and status.',
    labelNames: ['operation', 'status'],
    registers: [registry],
  })
  const seconds = new Histogram({
    name: 'portolan_request_seconds',
    help: 'Time to the end of the answer, by operation.',
    labelNames: ['operation'],
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 60],
    registers: [registry],
  })
  const bytes = new Counter({
    name: 'portolan_blob_bytes_total',
    help: 'Bytes of blobs that were uploaded (in) and downloaded (out).',
    labelNames: ['direction'],
    registers: [registry],
  })
  const damaged = new Counter({
    name: 'portolan_damaged_blobs_total',
    help: 'Blobs whose bytes were found to be damaged when they were read.',
    registers: [registry],
  })
  const connections = new Gauge({
    name: 'portolan_database_connections',
    help: 'Connections of the pool, by state.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      this.set({ state: 'idle' }, pool.idleCount)
      this.set({ state: 'busy' }, pool.totalCount - pool.idleCount)
      this.set({ state: 'waiting' }, pool.waitingCount)
    },
  })
  connections.set({ state: 'idle' }, 0)
  return {
    observe(request) {
      requests.inc({ operation: request.operationId, status: request.status })
      seconds.observe({ operation: request.operationId }, request.seconds)
    },
    transferred: (direction, count) => bytes.inc({ direction }, count),
    damaged: () => damaged.inc(),
    contentType: registry.contentType,
    render: () => registry.metrics(),
  }
}
