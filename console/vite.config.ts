// The place where the console is built: development proxy, chunks, compressed copies.
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { compress } from './scripts/compress.mjs';

// The Host header stays the browser's: the server compares it with Origin.
const server = { target: process.env.CONSOLE_SERVER ?? 'http://127.0.0.1:8080', changeOrigin: false };

export default defineConfig({
  plugins: [react(), compress()],
  build: {
    target: 'es2022',
    chunkSizeWarningLimit: 1200,
    // Everything comes from files: the server's Content-Security-Policy allows no inline data scripts.
    assetsInlineLimit: 0,
  },
  server: {
    proxy: {
      '/api': server,
      '/upload': server,
      '/download': server,
      '/console/ws': { ...server, ws: true },
    },
  },
  test: { include: ['tests/unit/**/*.test.ts'], environment: 'node' },
});
