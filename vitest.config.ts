import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/cluster.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // One worker a core; by default one core is left idle, which is half of a small machine.
    maxWorkers: '100%',
    reporters: ['default'],
  },
})
