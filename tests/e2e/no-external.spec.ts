/**
 * Nothing leaves the server: each test fails when a page of it asks another host (test.ts), and pages.spec.ts opens
 * them all. Here it is shown that the server itself forbids it, and that five main pages can be used by everyone.
 */
import { AxeBuilder } from '@axe-core/playwright';
import { address, PLACES, settled } from './pages.js';
import { expect } from './test.js';
import { test } from './world.js';

test('what would leave the server is refused by its policy', async ({ browser, server }) => {
  // A page of its own: the refusal is an error in the browser's console.
  const page = await browser.newPage();
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).host));
  await page.goto(`${server.http}/login`);
  const refused = await page.evaluate(async () => {
    const policy = new Promise<string>((resolve) => {
      document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective), { once: true });
    });
    await fetch('https://127.0.0.2:1/').catch(() => undefined);
    return policy;
  });
  expect(refused).toBe('connect-src');
  expect(new Set(asked)).toEqual(new Set([new URL(server.http).host]));
  await page.close();
});

for (const name of ['instances', 'products', 'product-model', 'devices', 'device-debug']) {
  test(`${name} can be used by everyone`, async ({ console: page, server, sides }) => {
    const { path, open } = PLACES.find((one) => one.name === name)!;
    for (const theme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: theme });
      await page.goto(address(server, path(sides.zh)));
      await settled(page);
      await open?.(page, sides.zh, 'zh');
      const axe = new AxeBuilder({ page });
      // What the theme changes is colour.
      if (theme === 'dark') axe.withRules('color-contrast');
      const { violations } = await axe.analyze();
      const grave = violations.filter((one) => one.impact === 'serious' || one.impact === 'critical');
      const said = grave.map((one) => ({ id: one.id, at: one.nodes.map((node) => node.html.slice(0, 200)) }));
      expect(said, theme).toEqual([]);
    }
  });
}
