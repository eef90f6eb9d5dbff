import { brotliCompressSync, gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** Smaller ones are not worth a second file. */
const MIN_COMPRESSED_BYTES = 1024

/** Writes each asset as .gz and .br too: the server sends what the browser takes, and compresses nothing itself. */
const precompressed: Plugin = {
  name: 'precompressed',
  generateBundle(_, bundle) {
    for (const [fileName, output] of Object.entries(bundle)) {
      if (!/\.(js|css|svg)$/.test(fileName)) continue
      const bytes = Buffer.from(output.type === 'chunk' ? output.code : output.source)
      if (bytes.length < MIN_COMPRESSED_BYTES) continue
      this.emitFile({ type: 'asset', fileName: `${fileName}.gz`, source: gzipSync(bytes, { level: 9 }) })
      this.emitFile({ type: 'asset', fileName: `${fileName}.br`, source: brotliCompressSync(bytes) })
    }
  },
}

// The console: built into dist/console, which src/console-server.ts answers from.
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), precompressed],
  // The server puts a fresh nonce in its place in each answer.
  html: { cspNonce: '__CSP_NONCE__' },
  build: {
    outDir: '../../dist/console',
    emptyOutDir: true,
    target: 'es2022',
    // An inlined file would need a hole in the content security policy.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
})
