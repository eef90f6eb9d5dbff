// Herald as it is, and on SIGUSR2 what it holds in memory when all garbage is gone. Run with --expose-gc.
process.on('SIGUSR2', async () => {
  for (let i = 0; i < 3; i++) {
    ;(globalThis as unknown as { gc(): void }).gc()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { heapUsed, external } = process.memoryUsage()
  console.log(`holds ${heapUsed + external} bytes;`)
})
await import('../../src/main.ts')
