/** G-01 login, G-10 language and theme. */
import { expect, test } from './test.js';

test('G-01 a wrong password is refused, the right one leads where one wanted to go, and out again', async ({ page, server }) => {
  const wanted = `/i/${server.login.EnterpriseInstanceId}/products`;
  // The browser logs nothing of a refused login: the envelope is HTTP 200.
  await page.goto(server.http + wanted);
  await expect(page).toHaveURL(/\/login\?/);
  await page.getByLabel('用户名').fill('root');
  await page.getByLabel('密码').fill('not the password');
  await page.getByRole('button', { name: '登录' }).click();
  await expect(page.getByText('用户名或密码不正确')).toBeVisible();
  await page.getByLabel('密码').fill(server.login.Password);
  await page.getByRole('button', { name: '登录' }).click();
  await expect(page).toHaveURL(server.http + wanted);
  await expect(page.getByRole('heading', { name: '产品开发' })).toBeVisible();
  await page.getByRole('button', { name: '账号' }).click();
  await page.getByRole('menuitem', { name: '退出登录' }).click();
  await expect(page).toHaveURL(/\/login/);
  await page.goto(server.http + wanted);
  await expect(page).toHaveURL(/\/login\?/);
});

test('G-10 the chosen language and theme stay after a reload', async ({ console: page, server }) => {
  await page.goto(`${server.http}/instances`);
  await expect(page.getByRole('heading', { name: '实例列表' })).toBeVisible();
  await page.getByRole('button', { name: '语言' }).click();
  await page.getByRole('menuitemradio', { name: 'English' }).click();
  await expect(page.getByRole('heading', { name: 'Instances' })).toBeVisible();
  await page.getByRole('button', { name: 'Theme' }).click();
  await page.getByRole('menuitemradio', { name: 'Dark' }).click();
  await expect(page.locator('html')).toHaveAttribute('theme-mode', 'dark');
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Instances' })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('theme-mode', 'dark');
});
