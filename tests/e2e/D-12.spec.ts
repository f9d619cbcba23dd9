/** D-12 online debugging: the page and a device talk to each other. */
import { Device, expect, fresh, LAMP, room, test, type Page } from './test.js';

/** The bar of the product, see D-04. */
const LIVE = { timeout: 1000 };

const log = (page: Page) => page.getByRole('log', { name: '通信日志' });
const line = (page: Page, method: string) => log(page).getByRole('button').filter({ has: page.getByText(method, { exact: true }) });

test('D-12 a control sent from the page reaches the device, and its answer the page', async ({ console: page, server, api }) => {
  const product = await api.product(fresh('control'), LAMP);
  const device = await Device.connect(server, product, 'lamp1', await api.device(product, 'lamp1'));
  await device.report({ power_switch: 0, brightness: 10 });
  await page.goto(room(server, `/devices/${product}/lamp1/debug`));
  const item = (id: string) => page.getByRole('listitem').filter({ has: page.getByText(id, { exact: true }) });
  // What may only be read has no control.
  await expect(item('brightness')).toContainText('当前值：10 %');
  await expect(item('temperature')).toHaveCount(0);
  await expect(log(page)).toContainText('等待消息');

  await page.getByRole('switch', { name: '电灯开关' }).click();
  await page.getByRole('button', { name: '发送电灯开关' }).click();
  expect(await device.obey()).toEqual({ power_switch: 1 });
  await expect(item('power_switch')).toContainText('当前值：开 (1)', LIVE);
  for (const method of ['control', 'control_reply', 'report', 'report_reply']) {
    await expect(line(page, method)).toHaveCount(1);
  }
  await expect(line(page, 'control').getByLabel('下行')).toBeVisible();
  await expect(line(page, 'control_reply').getByLabel('上行')).toBeVisible();

  // Several at once go in one message.
  await page.getByRole('spinbutton', { name: '亮度' }).fill('75');
  await page.getByRole('spinbutton', { name: '亮度' }).blur();
  await item('color').getByRole('radio', { name: '绿' }).check();
  await item('name').getByRole('textbox').fill('床头 🛏');
  await page.getByRole('button', { name: '发送全部（3）' }).click();
  expect(await device.obey()).toEqual({ brightness: 75, color: 1, name: '床头 🛏' });
  await expect(item('brightness')).toContainText('当前值：75 %', LIVE);
  await expect(item('brightness').getByText('待确认')).toHaveCount(0);

  await page.getByRole('radio', { name: '↓ 下行' }).check();
  await expect(line(page, 'report')).toHaveCount(0);
  await expect(line(page, 'control')).toHaveCount(2);
  await page.getByRole('searchbox', { name: '筛选 Topic 或内容' }).fill('床头');
  await expect(line(page, 'control')).toHaveCount(1);
  await line(page, 'control').click();
  await expect(log(page).getByText('"brightness": 75')).toBeVisible();
  await device.close();
});

test('D-12 an action is called, and its result is shown', async ({ console: page, server, api }) => {
  const product = await api.product(fresh('call'), LAMP);
  const device = await Device.connect(server, product, 'lamp1', await api.device(product, 'lamp1'));
  await page.goto(room(server, `/devices/${product}/lamp1/debug`));
  await page.getByRole('tab', { name: '行为调用' }).click();
  await page.getByRole('spinbutton', { name: '次数' }).fill('4');
  await page.getByRole('button', { name: '调用', exact: true }).click();
  const call = await device.answer({ done: 1 }, 0, 'blinked');
  expect(call).toMatchObject({ actionId: 'blink', params: { times: 4 } });
  const panel = page.getByRole('main');
  await expect(panel.getByText('blinked', { exact: true })).toBeVisible();
  await expect(panel.getByText('是 (1)')).toBeVisible();
  await expect(panel.getByText('"done": 1')).toBeVisible();
  await expect(line(page, 'action')).toHaveCount(1);
  await expect(line(page, 'action_reply')).toHaveCount(1);

  await page.getByRole('radio', { name: '异步' }).check();
  await page.getByRole('button', { name: '调用', exact: true }).click();
  await device.answer({ done: 0 });
  await expect(panel.getByText('已回复')).toBeVisible();
  await expect(panel.getByText('"done": 0')).toBeVisible();
  await device.close();
});

test('D-12 a message is published to a topic that the device has subscribed to', async ({ console: page, server, api }) => {
  const product = await api.product(fresh('publish'), LAMP);
  const device = await Device.connect(server, product, 'lamp1', await api.device(product, 'lamp1'));
  const topic = `${product}/lamp1/control`;
  await page.goto(room(server, `/devices/${product}/lamp1/debug`));
  await page.getByRole('tab', { name: '消息发布' }).click();
  await expect(page.getByRole('combobox', { name: 'Topic' })).toHaveValue(topic);
  const publish = page.getByRole('button', { name: '发布', exact: true });
  await publish.click();
  await expect(page.getByText('请输入消息内容')).toBeVisible();
  await page.getByLabel('消息内容').fill('{"cmd":"叮"}');
  await publish.click();
  await expect(page.getByText('设备未订阅相应的 Topic', { exact: false })).toBeVisible();
  await device.subscribe(topic);
  await publish.click();
  expect(await device.from(topic)).toMatchObject({ cmd: '叮' });
  await expect(page.getByText('消息已发送到设备')).toBeVisible();
  await device.close();
});

test('D-12 an offline device is explained, and gets what is wanted when it comes', async ({ console: page, server, api }) => {
  const product = await api.product(fresh('offline'), LAMP);
  const secret = await api.device(product, 'lamp1');
  await page.goto(room(server, `/devices/${product}/lamp1/debug`));
  await expect(page.getByRole('note')).toContainText('设备不在线：属性仍可下发，平台将保存为期望值');
  await page.getByRole('spinbutton', { name: '亮度' }).fill('33');
  await page.getByRole('button', { name: '发送亮度' }).click();
  await expect(page.getByText('设备不在线或未订阅，已保存为期望值')).toBeVisible();
  await expect(page.getByText('待确认')).toBeVisible();
  await page.getByRole('tab', { name: '行为调用' }).click();
  await expect(page.getByRole('button', { name: '调用', exact: true })).toBeDisabled();

  const device = await Device.connect(server, product, 'lamp1', secret);
  await expect(page.getByRole('note')).toHaveCount(0);
  await expect(page.getByRole('button', { name: '调用', exact: true })).toBeEnabled();
  await device.send('property', { method: 'get_status', clientToken: 'g', type: 'report' });
  const status = await device.expect('get_status_reply');
  expect(status).toMatchObject({ code: 0, data: { control: { brightness: 33 } } });
  await device.close();
  await expect(page.getByRole('note')).toContainText('设备不在线');

  await api.call('UpdateDevicesEnableState', { DevicesItems: [{ ProductId: product, DeviceName: 'lamp1' }], Status: 0 });
  await page.reload();
  await expect(page.getByRole('note')).toContainText('设备已被禁用，无法接入');
});
