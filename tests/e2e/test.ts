/** What every spec stands on: one server for a worker, a page that is logged in and keeps the house's rules. */
import { test as base, expect, type Locator, type Page } from '@playwright/test';
import { Api } from './api.js';
import { Device } from './device.js';
import { Server } from './server.js';

interface World {
  server: Server;
  api: Api;
}

export const test = base.extend<{ console: Page }, World>({
  server: [
    async ({}, use) => {
      const server = await new Server().start();
      await use(server);
      await server.stop();
    },
    { scope: 'worker' },
  ],
  api: [async ({ server }, use) => use(await Api.login(server)), { scope: 'worker' }],

  /** No page may ask another server, or write an error to the browser's console. */
  page: async ({ page, server }, use) => {
    const wrong: string[] = [];
    page.on('request', (request) => {
      const url = new URL(request.url());
      const own = url.host === new URL(server.http).host || url.protocol === 'data:' || url.protocol === 'blob:';
      if (!own) wrong.push(`request to ${request.url()}`);
    });
    page.on('pageerror', (error) => wrong.push(`page error: ${error.message}`));
    page.on('console', (line) => {
      if (line.type() === 'error') wrong.push(`console error: ${line.text()}`);
    });
    await use(page);
    expect(wrong).toEqual([]);
  },

  /** A page with a session, not yet anywhere. */
  console: async ({ page, context, server, api }, use) => {
    await context.addCookies([{ ...api.session(), url: server.http, httpOnly: true, sameSite: 'Strict' }]);
    await use(page);
  },
});

export { expect, Device };
export type { Locator, Page };

/** A room of the enterprise instance. */
export function room(server: Server, path: string): string {
  return `${server.http}/i/${server.login.EnterpriseInstanceId}${path}`;
}

/** A name that no other test has. */
export function fresh(prefix: string): string {
  fresh.count += 1;
  return `${prefix}_${process.pid}_${fresh.count}`;
}
fresh.count = 0;

export const LAMP = {
  version: '1.0',
  properties: [
    { id: 'power_switch', name: '电灯开关', desc: '', required: false, mode: 'rw',
      define: { type: 'bool', mapping: { 0: '关', 1: '开' } } },
    { id: 'color', name: '颜色', desc: '', required: false, mode: 'rw',
      define: { type: 'enum', mapping: { 0: '红', 1: '绿', 2: '蓝' } } },
    { id: 'brightness', name: '亮度', desc: '', required: false, mode: 'rw',
      define: { type: 'int', unit: '%', step: '1', min: '0', max: '100', start: '1' } },
    { id: 'name', name: '灯位置名称', desc: '', required: false, mode: 'rw',
      define: { type: 'string', min: '0', max: '64' } },
    { id: 'temperature', name: '温度', desc: '', required: false, mode: 'r',
      define: { type: 'float', unit: '℃', step: '0.1', min: '-40', max: '80', start: '0' } },
  ],
  events: [
    { id: 'low_voltage', name: '电压过低', desc: '', type: 'alert', required: false,
      params: [{ id: 'voltage', name: '电压', desc: '',
        define: { type: 'float', unit: 'V', step: '0.1', min: '0', max: '24', start: '1' } }] },
  ],
  actions: [
    { id: 'blink', name: '闪烁', desc: '', required: false,
      input: [{ id: 'times', name: '次数', define: { type: 'int', min: '1', max: '10', step: '1', start: '1', unit: '' } }],
      output: [{ id: 'done', name: '结果', define: { type: 'bool', mapping: { 0: '否', 1: '是' } } }] },
  ],
  profile: { ProductId: '', CategoryId: '1' },
};
