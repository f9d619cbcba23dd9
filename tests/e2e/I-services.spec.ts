/** Service clients of an instance: made, used by a backend, disabled and revoked. */
import mqtt from 'mqtt';
import { expect, room, test, type Page } from './test.js';

async function copied(page: Page, name: string): Promise<string> {
  const fact = page.getByRole('dialog').locator('dl > div').filter({ hasText: name });
  return (await fact.locator('.k-copy-text').innerText()).trim();
}

test('a backend is let in by what the console shows, and shut out again', async ({ console: page, server }) => {
  await page.goto(room(server, '/services'));
  await page.getByRole('button', { name: '新建客户端' }).click();
  await page.getByLabel('备注').fill('数据湖');
  await page.getByLabel('订阅范围').fill('$thing/down/#');
  await page.getByRole('button', { name: '保存' }).click();
  await expect(page.getByText('“$thing/down/#”不在可用的主题之内')).toBeVisible();
  await page.getByLabel('订阅范围').fill('plant/#');
  await page.getByRole('button', { name: '保存' }).click();
  const shown = page.getByRole('dialog', { name: '客户端已创建' });
  await expect(shown).toBeVisible();
  const username = await copied(page, '用户名');
  const password = await copied(page, '密码');
  await shown.getByRole('button', { name: '确定' }).click();
  await expect(page.getByText(password)).toHaveCount(0);

  const backend = await mqtt.connectAsync(server.mqtt, { protocolVersion: 5, username, password, reconnectPeriod: 0 });
  const heard = new Promise<string>((resolve) => backend.on('message', (topic, payload) => resolve(`${topic} ${payload}`)));
  const [granted] = await backend.subscribeAsync('plant/+', { qos: 1 });
  expect(granted?.qos).toBe(1);
  await backend.publishAsync('plant/7', 'grow', { qos: 1 });
  expect(await heard).toBe('plant/7 grow');

  await page.reload();
  const row = page.getByRole('row').filter({ hasText: username });
  await expect(row.getByText('在线')).toBeVisible();
  await expect(row).toContainText('数据湖');
  await expect(row).toContainText('plant/#');
  const gone = new Promise((resolve) => backend.on('close', () => resolve(true)));
  await row.getByRole('button', { name: '停用' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '停用' }).click();
  expect(await gone).toBe(true);
  await expect(row.getByText('已停用')).toBeVisible();
  await row.getByRole('button', { name: '吊销' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '吊销' }).click();
  await expect(row).toHaveCount(0);
});
