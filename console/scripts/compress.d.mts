import type { Plugin } from 'vite';
export function compress(): Plugin;
export function files(folder: string): Generator<string>;
