/** DV-01 and D-01 device lists, D-02 new device, D-03 device info. */
import { Device, expect, fresh, LAMP, room, test, type Page } from './test.js';

const rows = (page: Page) => page.getByRole('table', { name: '设备列表' }).locator('tbody tr');
const rowOf = (page: Page, name: string) => rows(page).filter({ has: page.getByRole('link', { name, exact: true }) });

test('D-02 a device is made, and its secret is handed out', async ({ console: page, server, api }) => {
  const product = await api.product(fresh('make'), LAMP);
  await page.goto(room(server, `/products/${product}/debug`));
  await expect(page.getByText('还没有设备')).toBeVisible();
  await page.getByRole('button', { name: '新建设备' }).first().click();
  const dialog = page.getByRole('dialog', { name: '新建设备' });
  await dialog.getByLabel('设备名称').fill('客厅灯');
  await dialog.getByRole('button', { name: '保存' }).click();
  await expect(dialog.getByRole('alert')).toContainText('不支持中文');
  await dialog.getByLabel('设备名称').fill('lamp-1');
  await dialog.getByLabel('设备密钥').fill('not base64!');
  await dialog.getByRole('button', { name: '保存' }).click();
  await expect(dialog.getByRole('alert')).toContainText('Base64');
  await dialog.getByLabel('设备密钥').fill('c2VjcmV0LW9mLWxhbXAtMQ==');
  await dialog.getByRole('button', { name: '保存' }).click();

  const made = page.getByRole('dialog', { name: '设备已创建' });
  for (const text of [product, 'lamp-1', 'c2VjcmV0LW9mLWxhbXAtMQ==']) {
    await expect(made.getByText(text, { exact: true })).toBeVisible();
  }
  await made.getByRole('button', { name: '继续新建' }).click();
  await dialog.getByLabel('设备名称').fill('lamp-1');
  await dialog.getByRole('button', { name: '保存' }).click();
  await expect(dialog.getByRole('alert')).toHaveText('设备名称已存在');
  await dialog.getByLabel('设备名称').fill('lamp-2');
  await dialog.getByRole('button', { name: '保存' }).click();
  await made.getByRole('link', { name: '查看设备' }).click();
  await expect(page).toHaveURL(room(server, `/devices/${product}/lamp-2/info`));
  await expect(page.getByText('未激活').first()).toBeVisible();
});

test('DV-01 the list is searched and paged, and the address keeps both', async ({ console: page, server, api }) => {
  const product = await api.product(fresh('pages'), LAMP);
  for (let n = 1; n <= 12; n += 1) await api.device(product, `dev-${String(n).padStart(2, '0')}`);
  await page.goto(room(server, `/devices?product=${product}`));
  const pager = page.getByRole('navigation', { name: '分页' });
  await expect(pager.getByText('共 12 条')).toBeVisible();
  await expect(rows(page)).toHaveCount(10);
  await pager.getByRole('button', { name: '下一页' }).click();
  await expect(rows(page)).toHaveCount(2);
  await expect(page).toHaveURL(/[?&]page=2/);
  await page.reload();
  await expect(pager.getByRole('button', { name: '第 2 页' })).toHaveAttribute('aria-current', 'page');
  await expect(rows(page)).toHaveCount(2);
  await page.getByLabel('按设备名称搜索').fill('-07');
  await expect(rows(page)).toHaveCount(1);
  await expect(page).toHaveURL(/[?&]name=-07/);
  await expect(page).not.toHaveURL(/page=/);
  await page.reload();
  await expect(rowOf(page, 'dev-07')).toBeVisible();
  await expect(rows(page)).toHaveCount(1);
  await page.getByLabel('按设备名称搜索').fill('nobody');
  await expect(page.getByText('没有符合条件的结果')).toBeVisible();
  await page.getByRole('button', { name: '清空' }).click();
  await pager.getByLabel('每页条数').click();
  await page.getByRole('option', { name: '20 条/页' }).click();
  await expect(rows(page)).toHaveCount(12);
});

test('DV-01 states are live; a disabled device is put off and kept out; devices are deleted', async ({ console: page, server, api }) => {
  const product = await api.product(fresh('states'), LAMP);
  const secret = await api.device(product, 'one');
  await api.device(product, 'two');
  await page.goto(room(server, `/devices?product=${product}`));
  await expect(rowOf(page, 'one')).toContainText('未激活');
  const device = await Device.connect(server, product, 'one', secret);
  await expect(rowOf(page, 'one')).toContainText('在线');
  await expect(rowOf(page, 'two')).toContainText('未激活');

  await rowOf(page, 'one').getByRole('button', { name: '禁用' }).click();
  const question = page.getByRole('dialog', { name: '禁用设备' });
  await expect(question).toContainText('设备“one”将断开连接');
  expect(device.connected).toBe(true);
  await question.getByRole('button', { name: '禁用' }).click();
  await expect(rowOf(page, 'one')).toContainText('已禁用');
  await expect(rowOf(page, 'one')).toContainText('离线');
  await expect.poll(() => device.connected).toBe(false);
  await expect(Device.connect(server, product, 'one', secret)).rejects.toThrow(/Connection refused/);

  await page.getByRole('checkbox', { name: '全选' }).check();
  await expect(page.getByText('已选 2 项')).toBeVisible();
  await page.getByRole('button', { name: '启用' }).first().click();
  await page.getByRole('dialog', { name: '启用设备' }).getByRole('button', { name: '启用' }).click();
  await expect(rowOf(page, 'one')).not.toContainText('已禁用');
  await (await Device.connect(server, product, 'one', secret)).close();

  await page.getByRole('checkbox', { name: '全选' }).check();
  await page.getByRole('button', { name: '删除' }).first().click();
  await page.getByRole('dialog', { name: '删除设备' }).getByRole('button', { name: '删除' }).click();
  await expect(page.getByText('还没有设备')).toBeVisible();
  await expect(Device.connect(server, product, 'one', secret)).rejects.toThrow(/Connection refused/);
});

test('D-03 the parameters that the page shows connect a device', async ({ console: page, server, api }) => {
  const product = await api.product(fresh('info'), LAMP);
  const secret = await api.device(product, 'lamp1');
  await page.goto(room(server, `/devices/${product}/lamp1/info`));
  const fact = (name: string) =>
    page.getByRole('term').filter({ hasText: new RegExp(`^${name}$`) }).locator('xpath=following-sibling::dd');

  // The secret is in the page only after it was asked for.
  await expect(page.getByRole('button', { name: '显示设备密钥' })).toBeVisible();
  expect(await page.content()).not.toContain(secret);
  await page.getByRole('button', { name: '显示设备密钥' }).click();
  await expect(fact('设备密钥')).toHaveText(secret);
  await page.getByRole('button', { name: '隐藏设备密钥' }).click();
  await expect(fact('设备密钥')).not.toContainText(secret);

  const code = page.getByRole('img', { name: '设备二维码' });
  await expect(code).toHaveAttribute('src', /^data:image\/png/);
  await expect(page.getByText(`${product}.iotcloud.tencentdevices.com`)).toBeVisible();

  await page.getByRole('button', { name: '显示Password' }).click();
  const shown = async (name: string) => (await fact(name).innerText()).trim();
  const login = {
    clientId: await shown('ClientId'), username: await shown('UserName'), password: await shown('Password'),
  };
  const url = `mqtt://${await shown('接入地址')}:${await shown('MQTT 端口')}`;
  await expect(page.getByText('未激活').first()).toBeVisible();
  const device = await Device.login(url, login, product, 'lamp1');
  await device.report({ power_switch: 1 });
  await expect(fact('设备状态')).toHaveText('在线');
  await expect(fact('激活时间')).toHaveText(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  await device.close();
  await expect(fact('设备状态')).toHaveText('离线');

  // Another pair, and the first one still works.
  await page.getByRole('button', { name: '重新生成' }).click();
  await expect(fact('UserName')).not.toHaveText(login.username);
  await (await Device.login(url, login, product, 'lamp1')).close();
});

test('D-03 a device is deleted from its page after its name was typed', async ({ console: page, server, api }) => {
  const product = await api.product(fresh('gone'), LAMP);
  await api.device(product, 'lamp1');
  await page.goto(room(server, `/devices/${product}/lamp1/info`));
  await page.getByRole('button', { name: '删除' }).click();
  const dialog = page.getByRole('dialog', { name: '删除设备' });
  await expect(dialog.getByRole('button', { name: '删除' })).toBeDisabled();
  await dialog.getByRole('textbox').fill('lamp1');
  await dialog.getByRole('button', { name: '删除' }).click();
  await expect(page).toHaveURL(new RegExp(`/devices\\?product=${product}`));
  await page.goto(room(server, `/devices/${product}/lamp1/info`));
  await expect(page.getByText('设备不存在或已被删除')).toBeVisible();
});
