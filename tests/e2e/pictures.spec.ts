/** The pictures of the README: `npm run pictures`. They are no test, and no part of the suite. */
import { resolve } from 'node:path';
import { settled } from './pages.js';
import { expect, room, type Page } from './test.js';
import { test, type Language } from './world.js';

const IMAGES = resolve(import.meta.dirname, '../../docs/images');

const speak = (page: Page, language: Language) =>
  page.addInitScript((chosen) => localStorage.setItem('thingd.language', chosen), language);

for (const language of ['zh', 'en'] as const) {
  test(`online debugging, ${language}`, async ({ console: page, server, sides }) => {
    const { device, product, name } = sides[language];
    const say = (zh: string, en: string) => (language === 'zh' ? zh : en);
    await speak(page, language);
    await page.goto(room(server, `/devices/${product}/${name}/debug`));
    await settled(page);
    await device.report({ temperature: 91.5, pressure: 9.2 });
    await device.event('water_low', 'alert', { level: 9 });
    await page.getByRole('radio', { name: say('浓缩', 'Espresso') }).check();
    await page.getByRole('button', { name: say('发送饮品', 'Send Drink') }).click();
    await device.obey();
    await expect(page.getByRole('log').getByText('report_reply', { exact: true })).toHaveCount(2);
    await page.getByRole('spinbutton', { name: say('杯量', 'Cup size') }).fill('60');
    await page.getByRole('spinbutton', { name: say('杯量', 'Cup size') }).blur();
    await page.mouse.move(700, 20);
    await expect(page.locator('.t-message')).toHaveCount(0);
    await page.screenshot({ path: `${IMAGES}/debug-${language}.png` });
  });
}

test('products, en', async ({ console: page, server, sides }) => {
  await speak(page, 'en');
  await page.goto(room(server, `/products?project=${sides.en.project}`));
  await settled(page);
  await page.screenshot({ path: `${IMAGES}/products-en.png` });
});
