/** Certificates: P-03 a product of certificates, D-02 the key is handed out once, D-03 how such a device connects, CAs of the account. */
import { readFileSync } from 'node:fs';
import { Authority } from './authority.js';
import { Device, expect, fresh, LAMP, room, test, type Locator, type Page } from './test.js';

/** The text of the file that a button downloads. */
async function downloaded(page: Page, button: Locator, file: string): Promise<string> {
  const [download] = await Promise.all([page.waitForEvent('download'), button.click()]);
  expect(download.suggestedFilename()).toBe(file);
  return readFileSync(await download.path(), 'utf8');
}

test('P-03 a product of certificates is made', async ({ console: page, server, api }) => {
  const name = fresh('证书');
  await page.goto(room(server, '/products/new'));
  await page.getByLabel('搜索品类').fill('自定义');
  await page.getByRole('option', { name: /自定义品类/ }).click();
  await page.getByRole('button', { name: '下一步' }).click();
  await page.getByLabel('产品名称').fill(name);
  await page.getByLabel('认证方式').click();
  await page.getByRole('option', { name: '证书认证' }).click();
  await expect(page.getByText('平台为每个设备生成证书和私钥', { exact: false })).toBeVisible();
  await page.getByRole('button', { name: '保存' }).click();
  await expect(page.getByRole('heading', { name, level: 1 })).toBeVisible();
  await page.getByRole('button', { name: '更多信息' }).click();
  await expect(page.getByRole('dialog', { name: '更多信息' }).getByText('证书认证', { exact: true })).toBeVisible();
  const product = /products\/(\w+)/.exec(page.url())?.[1];
  const kept = await api.call<{ Product: { EncryptionType: string } }>('DescribeStudioProduct', { ProductId: product });
  expect(kept.Product.EncryptionType).toBe('1');
});

test('D-02, D-03 the files that the page hands out connect a device, and the key is shown once', async ({ console: page, server, api }) => {
  const product = await api.product(fresh('safe'), LAMP, { EncryptionType: '1' });
  await page.goto(room(server, `/products/${product}/debug`));
  await page.getByRole('button', { name: '新建设备' }).first().click();
  const dialog = page.getByRole('dialog', { name: '新建设备' });
  await expect(dialog.getByText('该产品使用证书认证', { exact: false })).toBeVisible();
  await expect(dialog.getByLabel('设备密钥')).toHaveCount(0);
  await dialog.getByLabel('设备名称').fill('lamp-1');
  await dialog.getByRole('button', { name: '保存' }).click();

  const made = page.getByRole('dialog', { name: '设备已创建' });
  await expect(made.getByText('平台不保存私钥', { exact: false })).toBeVisible();
  const cert = await downloaded(page, made.getByRole('button', { name: '下载设备证书' }), 'lamp-1_cert.crt');
  const key = await downloaded(page, made.getByRole('button', { name: '下载设备私钥' }), 'lamp-1_private.key');
  await page.keyboard.press('Escape');
  await expect(made).toBeVisible();
  await made.getByRole('link', { name: '查看设备' }).click();

  await expect(page).toHaveURL(room(server, `/devices/${product}/lamp-1/info`));
  const how = page.getByRole('region', { name: '设备连接参数' });
  const fact = (name: string) =>
    how.getByRole('term').filter({ hasText: new RegExp(`^${name}$`) }).locator('xpath=following-sibling::dd');
  expect(await downloaded(page, how.getByRole('button', { name: '下载设备证书' }), 'lamp-1_cert.crt')).toBe(cert);
  await expect(how.getByRole('button', { name: '下载设备私钥' })).toHaveCount(0);
  await expect(how.getByText('Password', { exact: true })).toHaveCount(0);
  expect(await page.content()).not.toContain(key.split('\n')[1]);

  const clientId = (await fact('ClientId').innerText()).trim();
  const port = new URL(server.mqtts).port;
  await expect(fact('MQTTS 端口')).toHaveText(port);
  await expect(how.getByText(`-p ${port} --cafile ca.pem --cert lamp-1_cert.crt`, { exact: false })).toBeVisible();
  const url = `mqtts://${(await fact('接入地址').innerText()).trim()}:${port}`;
  const ca = await downloaded(page, how.getByRole('button', { name: '下载CA 证书' }), 'ca.pem');
  expect(ca).toBe(server.ca().toString());
  const login = { clientId, cert, key, ca };
  const device = await Device.login(url, login, product, 'lamp-1');
  await device.report({ power_switch: 1 });
  await expect(page.getByText('在线', { exact: true }).first()).toBeVisible();
  await device.close();

  // A device without a key is not asked about one when it goes.
  await page.getByRole('button', { name: '删除' }).click();
  const question = page.getByRole('dialog', { name: '删除设备' });
  await expect(question).toContainText('设备“lamp-1”将断开连接且不能再接入');
  await expect(question).not.toContainText('密钥');
  await question.getByRole('textbox').fill('lamp-1');
  await question.getByRole('button', { name: '删除' }).click();
  await expect(page).toHaveURL(room(server, `/devices?product=${product}`));
  await expect(Device.login(url, login, product, 'lamp-1')).rejects.toThrow();
});

test('the CA of the platform is handed out for a device with a key, too', async ({ console: page, server, api }) => {
  const product = await api.product(fresh('keyed'), LAMP);
  await api.device(product, 'lamp-1');
  await page.goto(room(server, `/devices/${product}/lamp-1/info`));
  const button = page.getByRole('region', { name: '设备连接参数' }).getByRole('button', { name: '下载CA 证书' });
  expect(await downloaded(page, button, 'ca.pem')).toBe(server.ca().toString());
});

test('a CA of the account is registered with the lines that the page shows, and vouches for a device', async ({ console: page, server, api }) => {
  const acme = new Authority('acme');
  const name = fresh('acme');

  await page.goto(room(server, '/certificates'));
  await page.getByRole('button', { name: '登记 CA' }).first().click();
  const dialog = page.getByRole('dialog', { name: '登记 CA' });
  await dialog.getByLabel('证书名称').fill(name);
  await dialog.getByRole('textbox', { name: 'CA 证书' }).fill(acme.file('ca.pem'));
  acme.shell(await dialog.getByRole('region', { name: '命令' }).locator('pre').innerText());
  const save = dialog.getByRole('button', { name: '保存' });
  // Its own certificate proves nothing: it is not made for this account.
  await dialog.getByLabel('验证证书').fill(acme.file('ca.pem'));
  await save.click();
  await expect(dialog.getByRole('alert')).toContainText('证书不是由该 CA 签发');
  await dialog.getByLabel('验证证书').fill(acme.file('verify.pem'));
  await save.click();
  const row = page.getByRole('table', { name: 'CA 证书' }).getByRole('row').filter({ hasText: name });
  await expect(row).toContainText('acme');

  const product = await api.product(fresh('own'), LAMP, { EncryptionType: '1' });
  await page.goto(room(server, `/products/${product}/debug`));
  await page.getByRole('button', { name: '更多信息' }).click();
  await page.getByRole('button', { name: '更换 CA' }).click();
  const change = page.getByRole('dialog', { name: '更换 CA' });
  await change.getByLabel('证书签发').click();
  await page.getByRole('option', { name }).click();
  await change.getByRole('button', { name: '保存' }).click();
  const more = page.getByRole('dialog', { name: '更多信息' });
  await expect(more.getByText(name)).toBeVisible();
  await more.getByRole('button', { name: '关闭' }).click();

  const clientId = `${product}lamp-1`;
  const own = acme.issue(clientId);
  await page.getByRole('button', { name: '新建设备' }).first().click();
  const making = page.getByRole('dialog', { name: '新建设备' });
  await making.getByLabel('设备名称').fill('lamp-1');
  await making.getByRole('button', { name: '保存' }).click();
  await expect(making.getByRole('alert')).toHaveText('请粘贴 PEM 格式的设备证书');
  await making.getByLabel('设备证书').fill(own.cert);
  await making.getByRole('button', { name: '保存' }).click();
  const made = page.getByRole('dialog', { name: '设备已创建' });
  await expect(made.getByRole('region', { name: '设备证书' })).toBeVisible();
  await expect(made.getByRole('region', { name: '设备私钥' })).toHaveCount(0);
  const login = { clientId, ...own, ca: server.ca() };
  const device = await Device.login(server.mqtts, login, product, 'lamp-1');
  await device.report({ power_switch: 1 });
  await device.close();

  await page.goto(room(server, '/certificates'));
  await row.getByRole('button', { name: '绑定的产品' }).click();
  const products = page.getByRole('dialog', { name: `使用“${name}”的产品` });
  await expect(products.getByText(product)).toBeVisible();
  await products.getByRole('button', { name: '关闭' }).click();
  await row.getByRole('button', { name: '删除' }).click();
  const question = page.getByRole('dialog', { name: '删除 CA 证书' });
  await question.getByRole('button', { name: '删除' }).click();
  await expect(question.getByRole('alert')).toContainText('仍有产品使用该 CA');
  await api.call('DeleteProductPrivateCA', { ProductId: product });
  await question.getByRole('button', { name: '删除' }).click();
  await expect(row).toHaveCount(0);
  acme.remove();
});

test('a CA of the account gets another certificate, and vouches for other devices', async ({ console: page, server, api }) => {
  const [former, next] = [new Authority('former'), new Authority('next')];
  const name = fresh('acme');
  await page.goto(room(server, '/certificates'));
  await page.getByRole('button', { name: '登记 CA' }).first().click();
  const making = page.getByRole('dialog', { name: '登记 CA' });
  const lines = await making.getByRole('region', { name: '命令' }).locator('pre').innerText();
  former.shell(lines);
  next.shell(lines);
  await making.getByLabel('证书名称').fill(name);
  await making.getByRole('textbox', { name: 'CA 证书' }).fill(former.file('ca.pem'));
  await making.getByLabel('验证证书').fill(former.file('verify.pem'));
  await making.getByRole('button', { name: '保存' }).click();
  const row = page.getByRole('table', { name: 'CA 证书' }).getByRole('row').filter({ hasText: name });
  await expect(row).toContainText('former');

  const product = await api.product(fresh('own'), LAMP, { EncryptionType: '1', PrivateCAName: name });
  const clientId = `${product}lamp-1`;
  const old = former.issue(clientId);
  await api.call('CreateDevice', { ProductId: product, DeviceName: 'lamp-1', TlsCrt: old.cert });
  const enter = (own: { cert: string; key: string }) =>
    Device.login(server.mqtts, { clientId, ...own, ca: server.ca() }, product, 'lamp-1');
  await (await enter(old)).close();

  await row.getByRole('button', { name: '更换证书' }).click();
  const dialog = page.getByRole('dialog', { name: '更换证书' });
  await expect(dialog.getByText(name)).toBeVisible();
  const save = dialog.getByRole('button', { name: '保存' });
  await save.click();
  await expect(dialog.getByRole('alert').first()).toHaveText('请粘贴一份 PEM 格式的证书');
  await dialog.getByLabel('新的 CA 证书').fill(next.file('ca.pem'));
  // The former's proof proves nothing about the next one.
  await dialog.getByLabel('验证证书').fill(former.file('verify.pem'));
  await save.click();
  await expect(dialog.getByRole('alert')).toContainText('证书不是由该 CA 签发');
  await dialog.getByLabel('验证证书').fill(next.file('verify.pem'));
  await save.click();
  await expect(dialog).toHaveCount(0);
  await expect(row).toContainText('next');

  await expect(enter(old)).rejects.toThrow();
  const device = await enter(next.issue(clientId));
  await device.report({ power_switch: 1 });
  await device.close();

  await api.call('DeleteProductPrivateCA', { ProductId: product });
  await api.call('DeletePrivateCA', { CertName: name });
  former.remove();
  next.remove();
});
