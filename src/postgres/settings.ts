/**
 * Settings of the private PostgreSQL: one registry, one machine, little memory while idle. They go on the command line, so
 * that a cluster made by an older release gets today's.
 */
const base = {
  listen_addresses: '',
  port: '5432',
  unix_socket_permissions: '0700',
  cluster_name: 'portolan',
  max_connections: '60',
  shared_buffers: '64MB',
  io_method: 'sync', // Three processes less than with the workers that 18 starts.
  max_logical_replication_workers: '0',
  max_parallel_workers_per_gather: '0', // Parallel plans need /dev/shm, which containers keep at 64 MB.
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_destination: 'stderr',
  logging_collector: 'off',
  log_line_prefix: '',
  log_checkpoints: 'off',
  // Errors of statements go to whoever sent them; `log` lies above them in the server's order.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
}

// Commits still survive the death of the server, only not that of the machine.
const throwaway = {
  fsync: 'off',
  full_page_writes: 'off',
  autovacuum: 'off',
  max_connections: '200',
  shared_buffers: '128MB',
}

/** Command line of `postgres` for a cluster. Not durable: the data may be lost with the machine; for tests. */
export function postgresArguments(cluster: {
  directory: string
  socketDirectory: string
  durable: boolean
}): string[] {
  const settings = {
    ...base,
    ...(!cluster.durable && throwaway),
    unix_socket_directories: cluster.socketDirectory,
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  return ['-D', cluster.directory, ...flags]
}
