/** D-04 live properties, D-05 their history. */
import { readFile } from 'node:fs/promises';
import { Device, expect, fresh, LAMP, room, test } from './test.js';

/**
 * Between the device's `report_reply` and the value in the open page. This is the bar of the product ("within a
 * second, without a reload"), not a benchmark: usually it is a few milliseconds.
 */
const LIVE = { timeout: 1000 };

test('D-04 a report shows in the open page within a second', async ({ console: page, server, api }) => {
  const product = await api.product(fresh('live'), LAMP);
  const device = await Device.connect(server, product, 'lamp1', await api.device(product, 'lamp1'));
  await page.goto(room(server, `/devices/${product}/lamp1/properties`));
  const rows = page.getByRole('table', { name: '设备属性' }).locator('tbody tr');
  const row = (id: string) => rows.filter({ has: page.getByText(id, { exact: true }) });
  await expect(rows).toHaveCount(LAMP.properties.length);
  await expect(page.getByText('实时更新')).toBeVisible();
  await expect(row('brightness')).toContainText('—');
  // A reload would take this mark away.
  await page.evaluate(() => { document.body.dataset.opened = 'once'; });

  await device.report({ power_switch: 1, color: 2, brightness: 42, name: '客厅 💡', temperature: 21.5 });
  await expect(row('brightness')).toContainText('42 %', LIVE);
  await expect(row('power_switch')).toContainText('开 (1)');
  await expect(row('color')).toContainText('蓝 (2)');
  await expect(row('name').last()).toContainText('客厅 💡');
  await expect(row('temperature')).toContainText('21.5 ℃');
  await expect(row('temperature')).toContainText(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/);
  for (const value of [43, 44, 45]) {
    await device.report({ brightness: value });
    await expect(row('brightness')).toContainText(`${value} %`, LIVE);
  }

  // What the cloud wants is shown beside what is, until the device has it.
  await api.call('ControlDeviceData', { ProductId: product, DeviceName: 'lamp1', Data: '{"brightness":80}', Method: 'desired' });
  await expect(row('brightness')).toContainText('期望值 80 %', LIVE);
  expect(await device.obey()).toEqual({ brightness: 80 });
  await expect(row('brightness')).toContainText('80 %', LIVE);
  await expect(row('brightness')).not.toContainText('期望值', LIVE);
  expect(await page.evaluate(() => document.body.dataset.opened)).toBe('once');

  await page.getByLabel('搜索功能名称或标识符').fill('亮');
  await expect(rows).toHaveCount(1);
  await device.close();
});

test('D-05 the history is drawn, listed and exported', async ({ console: page, server, api }) => {
  const product = await api.product(fresh('past'), LAMP);
  const device = await Device.connect(server, product, 'lamp1', await api.device(product, 'lamp1'));
  // A device may say ten things a second.
  const values = [50, 51, 52, 53, 54, 55, 56];
  for (const brightness of values) await device.report({ brightness });
  await device.close();
  await page.goto(room(server, `/devices/${product}/lamp1/properties`));
  await page.getByRole('button', { name: '亮度的历史数据' }).click();
  const drawer = page.getByRole('dialog', { name: '历史数据 · 亮度（brightness）' });
  await expect(drawer.getByRole('img', { name: '亮度的历史数据' }).locator('canvas').first()).toBeVisible();
  const rows = drawer.getByRole('table', { name: '亮度的历史数据' }).locator('tbody tr');
  await expect(rows).toContainText(values.toReversed().map((value) => `${value} %`));

  const begun = page.waitForEvent('download');
  await drawer.getByRole('button', { name: '导出 CSV' }).click();
  const file = await begun;
  expect(file.suggestedFilename()).toBe('lamp1-brightness.csv');
  const lines = (await readFile(await file.path(), 'utf8')).trim().split(/\r?\n/);
  expect(lines.slice(1).map((line) => line.split(',')[2])).toEqual(values.map(String));
  await drawer.getByRole('button', { name: '关闭' }).click();

  await page.getByRole('button', { name: '温度的历史数据' }).click();
  await expect(page.getByRole('dialog').getByText('所选时间内没有上报数据')).toBeVisible();
});
