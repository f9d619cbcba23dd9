/** D-06 events, D-07 actions, D-09 contents, D-10 comings and goings, D-11 diagnosis. */
import { Device, expect, fresh, LAMP, room, test, type Page } from './test.js';

const EVENTS = [
  LAMP.events[0]!,
  { id: 'started', name: '已启动', desc: '', type: 'info', required: false, params: [] },
  { id: 'broken', name: '灯丝断裂', desc: '', type: 'fault', required: false, params: [] },
];

const rows = (page: Page, table: string) => page.getByRole('table', { name: table }).locator('tbody tr');

async function choose(page: Page, select: string, option: string): Promise<void> {
  await page.getByRole('combobox', { name: select, exact: true }).click();
  await page.getByRole('option', { name: option, exact: true }).click();
}

test('D-06 events are listed with their types, and filtered', async ({ console: page, server, api }) => {
  const product = await api.product(fresh('events'), { ...LAMP, events: EVENTS });
  const device = await Device.connect(server, product, 'lamp1', await api.device(product, 'lamp1'));
  await device.event('started', 'info', {});
  await device.event('low_voltage', 'alert', { voltage: 1.5 });
  await device.event('broken', 'fault', {});
  await device.close();
  await page.goto(room(server, `/devices/${product}/lamp1/model`));
  const events = rows(page, '事件日志');
  await expect(events).toHaveCount(3);
  await expect(events).toContainText([/broken.*故障/, /low_voltage.*告警/, /started.*信息/]);
  await expect(events.nth(1)).toContainText('电压 1.5 V');
  await events.nth(1).getByRole('button', { name: '展开' }).click();
  await expect(page.getByText('"voltage": 1.5')).toBeVisible();
  await choose(page, '事件类型', '故障');
  await expect(events).toHaveCount(1);
  await expect(events).toContainText('灯丝断裂');
  await choose(page, '事件类型', '全部类型');
  await choose(page, '事件', '已启动');
  await expect(events).toHaveCount(1);
  await expect(events).toContainText('started');
});

test('D-07 calls of actions are listed with what was asked and answered', async ({ console: page, server, api }) => {
  const product = await api.product(fresh('actions'), LAMP);
  const device = await Device.connect(server, product, 'lamp1', await api.device(product, 'lamp1'));
  const call = (times: number) =>
    api.call('CallDeviceActionSync', {
      ProductId: product, DeviceName: 'lamp1', ActionId: 'blink', InputParams: JSON.stringify({ times }),
    });
  const first = call(3);
  await device.answer({ done: 1 });
  await first;
  const second = call(4);
  await device.answer({}, 7, 'burnt out');
  await second.catch(() => undefined);
  await device.close();
  await page.goto(room(server, `/devices/${product}/lamp1/model`));
  await page.getByRole('tab', { name: '行为' }).click();
  const calls = rows(page, '行为日志');
  await expect(calls).toHaveCount(2);
  await expect(calls.nth(1)).toContainText('次数 3');
  await expect(calls.nth(1)).toContainText('结果 是 (1)');
  await expect(calls.nth(1)).toContainText('已回复');
  await expect(calls.nth(0)).toContainText('次数 4');
  await expect(calls.nth(0)).toContainText('失败（7）');
});

test('D-09, D-11 contents are found by type and direction, and what was refused is explained', async ({ console: page, server, api }) => {
  const product = await api.product(fresh('contents'), LAMP);
  const device = await Device.connect(server, product, 'lamp1', await api.device(product, 'lamp1'));
  await device.report({ brightness: 5 });
  await device.event('low_voltage', 'alert', { voltage: 2 });
  await device.send('property', { method: 'report', clientToken: 'odd', params: { nobody: 1 } });
  expect((await device.expect('report_reply')).code).toBe(406);
  await device.send('property', '{"method":');
  expect((await device.expect('report_reply')).code).toBe(406);
  await device.report({ brightness: 6 });
  await device.close();

  await page.goto(room(server, `/devices/${product}/lamp1/logs`));
  const contents = rows(page, '内容日志');
  await expect(contents.filter({ hasText: 'low_voltage' })).toHaveCount(1);
  await choose(page, '日志类型', '事件');
  await expect(page.getByRole('combobox', { name: 'Topic' })).toHaveValue(`$thing/up/event/${product}/lamp1`);
  await expect(contents).toHaveCount(1);
  await choose(page, '日志类型', '属性');
  await expect(page.getByRole('combobox', { name: 'Topic' })).toHaveValue(`$thing/up/property/${product}/lamp1`);
  await expect(contents.filter({ hasText: '"brightness":6' })).toHaveCount(1);
  await expect(contents.filter({ hasText: '上行' }).first()).toBeVisible();
  await expect(contents.filter({ hasText: '下行' })).toHaveCount(0);
  await choose(page, '日志类型', '全部类型');
  await choose(page, '方向', '下行');
  await expect(contents.filter({ hasText: 'event_reply' })).toHaveCount(1);
  await expect(contents.filter({ hasText: '上行' })).toHaveCount(0);
  await contents.filter({ hasText: 'event_reply' }).getByRole('button', { name: '展开' }).click();
  await expect(page.getByText('"method": "event_reply"')).toBeVisible();

  await page.getByRole('tab', { name: '云端诊断日志' }).click();
  const faults = rows(page, '云端诊断日志');
  await expect(faults.filter({ hasText: 'Payload_Not_Of_Model' })).toContainText('消息内容不符合产品的物模型。');
  await expect(faults.filter({ hasText: 'Payload_Not_JSON' })).toContainText('消息负载不是 JSON 格式。');
  await expect(page).toHaveURL(/log=diagnosis/);
});

test('D-10 comings and goings are listed with their reason', async ({ console: page, server, api }) => {
  const product = await api.product(fresh('comings'), LAMP);
  const secret = await api.device(product, 'lamp1');
  await (await Device.connect(server, product, 'lamp1', secret)).close();
  await page.goto(room(server, `/devices/${product}/lamp1/logs?log=online`));
  const comings = rows(page, '上下线日志');
  await expect(comings).toHaveCount(2);
  await expect(comings.first()).toContainText('Device disconnect · 设备主动断开连接');
  await expect(comings.last()).toContainText('上线');
  await expect(comings.last()).toContainText('127.0.0.1');

  const device = await Device.connect(server, product, 'lamp1', secret);
  await api.call('UpdateDevicesEnableState', { DevicesItems: [{ ProductId: product, DeviceName: 'lamp1' }], Status: 0 });
  await expect.poll(() => device.connected).toBe(false);
  await page.getByRole('button', { name: '刷新' }).click();
  await expect(comings.first()).toContainText('被平台断开（禁用或删除）');
});
