/** I-01 instance list, I-03 instance info. */
import { expect, room, test } from './test.js';

test('I-01 both instances are listed, and one is entered', async ({ console: page, server }) => {
  await page.goto(`${server.http}/`);
  await expect(page.getByText(server.login.PublicInstanceId)).toBeVisible();
  await expect(page.getByText(server.login.EnterpriseInstanceId)).toBeVisible();
  await page.getByRole('heading', { level: 2, name: '企业实例' }).getByRole('link').click();
  await expect(page).toHaveURL(room(server, '/products'));
});

test('I-03 the remark of an instance is changed', async ({ console: page, server }) => {
  await page.goto(room(server, '/info'));
  await page.getByRole('button', { name: '修改备注' }).click();
  await page.getByLabel('实例备注名称').fill('车间一号 🏭');
  await page.getByRole('button', { name: '保存' }).click();
  await expect(page.getByText('车间一号 🏭').first()).toBeVisible();
  await page.reload();
  await expect(page.getByText('车间一号 🏭').first()).toBeVisible();
});
