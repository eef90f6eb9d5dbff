import { readFileSync, writeFileSync } from 'node:fs'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** Smaller ones are not worth a second file. */
const MIN_COMPRESSED_BYTES = 1024

/** Writes each asset as .gz and .br too: the server sends what the browser takes, and compresses nothing itself. */
const precompressed: Plugin = {
  name: 'precompressed',
  // Once they are written: until then other plugins change them.
  writeBundle({ dir }, bundle) {
    for (const fileName of Object.keys(bundle).filter((name) => /\.(js|css|svg)$/.test(name))) {
      const file = `${dir}/${fileName}`
      const bytes = readFileSync(file)
      if (bytes.length < MIN_COMPRESSED_BYTES) continue
      writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }))
      writeFileSync(`${file}.br`, brotliCompressSync(bytes))
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
