/** Every page in both languages and both themes: words, width, and a picture to look at. */
import { address, PLACES, settled } from './pages.js';
import { expect, type Page } from './test.js';
import { test, type Language } from './world.js';

/** Names that only keys of the dictionaries begin with. */
const KEY = /\b(account|cert|confirm|device|diagnosis|do|error|instance|list|model|nav|product|project|range|said|service|topicMeaning)\.[a-z]\w*(\.\w+)*\b/;
const BROKEN = /\bundefined\b|\bNaN\b|\[object \w+\]|\{\{\w+\}\}/;
const HAN = /\p{Script=Han}/u;

/** What is written on the page, and what is said of its controls. */
async function texts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const said = [...document.querySelectorAll('[aria-label], [title], [placeholder], [alt]')].flatMap((one) =>
      ['aria-label', 'title', 'placeholder', 'alt'].map((name) => one.getAttribute(name) ?? ''));
    return [document.title, ...document.body.innerText.split('\n'), ...said].map((text) => text.trim()).filter(Boolean);
  });
}

/** Pixels by which the page is wider than the window. */
const tooWide = (page: Page) =>
  page.evaluate(() => {
    const boxes = [document.documentElement, document.body, ...document.querySelectorAll('main, [role=dialog], .k-layer-body')];
    return Math.max(...boxes.map((box) => box.scrollWidth - box.clientWidth));
  });

async function look(page: Page, name: string, language: Language, foreign = false): Promise<void> {
  const all = await texts(page);
  const found = (what: RegExp) => all.filter((text) => what.test(text));
  expect.soft(found(KEY), `${name}: keys without words`).toEqual([]);
  expect.soft(found(BROKEN), `${name}: broken texts`).toEqual([]);
  if (language === 'en' && !foreign) expect.soft(found(HAN), `${name}: Chinese on an English page`).toEqual([]);
}

for (const language of ['zh', 'en'] as const) {
  test(`every page in ${language}, light and dark`, async ({ console: page, server, sides, context }) => {
    test.setTimeout(180_000);
    await context.addInitScript((chosen) => localStorage.setItem('thingd.language', chosen), language);
    // The console follows the system's theme, also while a page is open.
    const picture = async (name: string) => {
      for (const theme of ['dark', 'light'] as const) {
        await page.emulateMedia({ colorScheme: theme });
        await expect(page.locator('html')).toHaveAttribute('theme-mode', theme);
        await page.screenshot({ path: `screenshots/${name}-${language}-${theme}.png`, animations: 'disabled' });
      }
    };
    for (const { name, path, open, close, foreign } of PLACES) {
      await test.step(name, async () => {
        const side = sides[language];
        await page.goto(address(server, path(side)));
        await settled(page);
        await open?.(page, side, language);
        await settled(page);
        await look(page, name, language, foreign);
        expect.soft(await tooWide(page), `${name}: wider than 1440 pixels`).toBeLessThanOrEqual(0);
        await picture(name);
        await page.setViewportSize({ width: 1280, height: 900 });
        expect.soft(await tooWide(page), `${name}: wider than 1280 pixels`).toBeLessThanOrEqual(0);
        await page.setViewportSize({ width: 1440, height: 900 });
        await close?.(page, side, language);
      });
    }
    await context.clearCookies();
    await page.goto(`${server.http}/login`);
    await settled(page);
    await look(page, 'login', language);
    await picture('login');
  });
}
