/** DV-01 device list, D-02 new device, D-03 info, D-04 D-05 properties, D-06 D-07 D-09 D-10 D-11 logs, D-12 debugging. */
import { connectAsync } from 'mqtt';
import { Device, expect, fresh, LAMP, room, test, type Page } from './test.js';

/** A fact of the page, by its label: what the copy button beside it copies. */
async function copied(page: Page, what: string): Promise<string> {
  await page.getByRole('button', { name: `复制${what}`, exact: true }).first().click();
  return page.evaluate(() => navigator.clipboard.readText());
}

test.use({ permissions: ['clipboard-read', 'clipboard-write'] });

test('D-02 DV-01 a device is made, found, disabled, enabled and deleted', async ({ console: page, server, api }) => {
  const product = await api.product(fresh('list'), LAMP);
  for (let i = 0; i < 11; i += 1) await api.device(product, `lamp-${String(i).padStart(2, '0')}`);
  await page.goto(room(server, `/devices?product=${product}`));
  await page.getByRole('button', { name: '新建设备' }).first().click();
  const dialog = page.getByRole('dialog');
  if (await dialog.getByRole('combobox', { name: '所属产品' }).count()) {
    await dialog.getByRole('combobox', { name: '所属产品' }).click();
    await page.getByRole('option').first().click();
  }
  await dialog.getByLabel('设备名称').fill('温度');
  await dialog.getByRole('button', { name: /保存|确定/ }).click();
  await expect(dialog.getByRole('alert').or(dialog.getByText(/不支持中文/)).first()).toBeVisible();
  await dialog.getByLabel('设备名称').fill('zz-new');
  await dialog.getByRole('button', { name: /保存|确定/ }).click();
  await expect(page.getByText('设备已创建')).toBeVisible();
  await page.keyboard.press('Escape');

  await page.goto(room(server, `/devices?product=${product}`));
  await expect(page.getByText('共 12 条')).toBeVisible();
  await page.getByRole('button', { name: '第 2 页' }).click();
  await expect(page).toHaveURL(/page=2/);
  await page.getByLabel('按设备名称搜索').fill('lamp-03');
  const row = page.getByRole('row').filter({ hasText: 'lamp-03' });
  await expect(page.getByRole('row')).toHaveCount(2);
  await row.getByRole('button', { name: '禁用' }).click();
  await page.getByRole('dialog').getByRole('button', { name: /禁用|确定/ }).last().click();
  await expect(row.getByText('已禁用')).toBeVisible();
  await row.getByRole('button', { name: '启用' }).click();
  await page.getByRole('dialog').getByRole('button', { name: /启用|确定/ }).last().click();
  await expect(row.getByRole('button', { name: '禁用' })).toBeVisible();
  await row.getByRole('button', { name: '删除' }).click();
  const last = page.getByRole('dialog');
  if (await last.getByRole('textbox').count()) await last.getByRole('textbox').fill('lamp-03');
  await last.getByRole('button', { name: /删除|确定/ }).last().click();
  await expect(row).toHaveCount(0);
});

test('D-03 the shown connection parameters connect an MQTT client', async ({ console: page, server, api }) => {
  const product = await api.product(fresh('info'), LAMP);
  const secret = await api.device(product, 'lamp1');
  await page.goto(room(server, `/devices/${product}/lamp1/info`));
  await expect(page.getByText('未激活').first()).toBeVisible();
  await expect(page.getByText(secret)).toHaveCount(0);
  await page.getByRole('button', { name: '显示设备密钥' }).click();
  await expect(page.getByText(secret)).toBeVisible();
  await expect(page.getByText(`${product}.iotcloud.tencentdevices.com`)).toBeVisible();
  await expect(page.getByRole('img', { name: '设备二维码' })).toBeVisible();
  const [clientId, username, password] = [
    await copied(page, 'ClientId'), await copied(page, 'UserName'), await copied(page, 'Password'),
  ];
  const client = await connectAsync(server.mqtt, { clientId, username, password, reconnectPeriod: 0 });
  await expect(page.getByText('在线').first()).toBeVisible();
  await client.endAsync();
  await expect(page.getByText('离线').first()).toBeVisible();
});

test('D-04 D-05 a report shows in the open page within a second; its history is listed and drawn', async ({ console: page, server, api }) => {
  const product = await api.product(fresh('live'), LAMP);
  const device = await Device.connect(server, product, 'lamp1', await api.device(product, 'lamp1'));
  await device.report({ brightness: 10 });
  await page.goto(room(server, `/devices/${product}/lamp1/properties`));
  const row = page.getByRole('row').filter({ hasText: 'brightness' });
  await expect(row.getByText('10 %')).toBeVisible();
  await expect(page.getByRole('row').filter({ hasText: 'temperature' })).toBeVisible();
  for (const value of [23, 42, 77]) {
    await device.report({ brightness: value });
    // The bar of the product: within a second of the report, without a reload.
    await expect(row.getByText(`${value} %`)).toBeVisible({ timeout: 1000 });
  }
  await row.getByRole('button', { name: '亮度的历史数据' }).click();
  const drawer = page.getByRole('dialog');
  await expect(drawer.getByText('77', { exact: false }).first()).toBeVisible();
  await expect(drawer.locator('canvas, svg').first()).toBeVisible();
  await device.close();
});

test('D-06 D-07 D-09 D-10 D-11 events, actions and logs are listed', async ({ console: page, server, api }) => {
  const product = await api.product(fresh('logs'), LAMP);
  const device = await Device.connect(server, product, 'lamp1', await api.device(product, 'lamp1'));
  await device.send('event', {
    method: 'event_post', clientToken: 'e', eventId: 'low_voltage', type: 'alert', timestamp: 0, params: { voltage: 1.5 },
  });
  await device.expect('event_reply');
  await device.send('property', { method: 'report', clientToken: 'bad', params: { nobody: 1 } });
  expect((await device.expect('report_reply')).code).toBe(406);
  const called = api.call('CallDeviceActionSync', {
    ProductId: product, DeviceName: 'lamp1', ActionId: 'blink', InputParams: '{"times":3}',
  });
  const call = await device.expect('action');
  await device.send('action', { method: 'action_reply', clientToken: call.clientToken, code: 0, status: 'ok', response: { done: 1 } });
  await called;

  await page.goto(room(server, `/devices/${product}/lamp1/model`));
  await expect(page.getByText('low_voltage').first()).toBeVisible();
  await expect(page.getByText('告警').first()).toBeVisible();
  await page.getByRole('tab', { name: '行为' }).click();
  await expect(page.getByText('blink').first()).toBeVisible();
  await expect(page.getByText('已回复').first()).toBeVisible();

  await page.goto(room(server, `/devices/${product}/lamp1/logs`));
  await expect(page.getByText('$thing/up/property').first()).toBeVisible();
  await page.getByRole('tab', { name: '上下线日志' }).click();
  await expect(page.getByText('上线', { exact: true }).first()).toBeVisible();
  await page.getByRole('tab', { name: '云端诊断日志' }).click();
  await expect(page.getByText('Payload_Not_Of_Model').first()).toBeVisible();
  await device.close();
});

test('D-12 a control of the page reaches the device, an action is answered, the log shows both ways', async ({ console: page, server, api }) => {
  const product = await api.product(fresh('debug'), LAMP);
  const device = await Device.connect(server, product, 'lamp1', await api.device(product, 'lamp1'));
  await device.report({ power_switch: 0, brightness: 10 });
  await page.goto(room(server, `/devices/${product}/lamp1/debug`));
  const log = page.getByRole('region', { name: '通信日志' });
  await expect(page.getByText('当前值：10 %')).toBeVisible();
  await page.getByRole('switch', { name: '电灯开关' }).click();
  await page.getByRole('button', { name: '发送电灯开关' }).click();
  const control = await device.expect('control');
  expect(control.params).toEqual({ power_switch: 1 });
  await device.send('property', { method: 'control_reply', clientToken: control.clientToken, code: 0, status: '' });
  await device.report({ power_switch: 1 });
  await expect(page.getByText('当前值：开 (1)')).toBeVisible({ timeout: 1000 });
  await expect(log.getByText('"control"').first()).toBeVisible();
  await expect(log.getByText('"control_reply"').first()).toBeVisible();

  await page.getByRole('tab', { name: /行为调用/ }).click();
  await page.getByLabel('次数').last().fill('4');
  await page.getByRole('button', { name: '调用', exact: true }).click();
  const call = await device.expect('action');
  expect(call.params).toEqual({ times: 4 });
  await device.send('action', { method: 'action_reply', clientToken: call.clientToken, code: 0, status: 'blinked', response: { done: 1 } });
  await expect(page.getByText('blinked')).toBeVisible();

  await device.close();
  await expect(page.getByText('设备不在线：属性仍可下发')).toBeVisible();
});
