/** P-01 to P-06 products, R-02 release: one road, from the category to the deletion. */
import { expect, fresh, LAMP, room, test } from './test.js';

test('P-02, P-03 a product is made, the category first', async ({ console: page, server }) => {
  const name = fresh('灯');
  await page.goto(room(server, '/products'));
  await page.getByRole('button', { name: '新建产品' }).first().click();
  const next = page.getByRole('button', { name: '下一步' });
  await expect(next).toBeDisabled();
  await page.getByRole('button', { name: '家用电器' }).click();
  await expect(page.getByRole('option', { name: '空调' })).toBeVisible();
  await page.getByLabel('搜索品类').fill('灯');
  await page.getByRole('option', { name: '智慧生活 / 电工照明 / 灯' }).click();
  await next.click();
  await expect(page.getByText('智慧生活 / 电工照明 / 灯')).toBeVisible();

  const save = page.getByRole('button', { name: '保存' });
  await page.getByLabel('产品名称').fill('有 空格!');
  await save.click();
  await expect(page.getByRole('alert')).toHaveText('支持中文、字母、数字、下划线，1-20 个字符');
  await page.getByLabel('产品名称').fill(name);
  await page.getByRole('radio', { name: '网关' }).check();
  await page.getByLabel('通信方式').click();
  await page.getByRole('option', { name: '以太网', exact: true }).click();
  await page.getByLabel('描述').fill('走廊的灯 💡');
  await save.click();

  await expect(page.getByRole('heading', { name, level: 1 })).toBeVisible();
  await expect(page.getByText('开发中').first()).toBeVisible();
  const steps = page.getByRole('navigation', { name: '开发步骤' });
  await expect(steps.getByRole('link')).toHaveText(['1物模型定义', '2设备开发', '3设备调试', '4批量投产']);
  await page.getByRole('button', { name: '更多信息' }).click();
  const drawer = page.getByRole('dialog', { name: '更多信息' });
  for (const text of ['网关', '以太网', '密钥认证', '物模型', '走廊的灯 💡', '智慧生活 / 电工照明 / 灯']) {
    await expect(drawer.getByText(text, { exact: true })).toBeVisible();
  }
});

test('P-03 a name that is taken is refused beside the field', async ({ console: page, server, api }) => {
  const name = fresh('taken');
  await api.product(name);
  await page.goto(room(server, '/products/new'));
  await page.getByLabel('搜索品类').fill('自定义');
  await page.getByRole('option', { name: /自定义品类/ }).click();
  await page.getByRole('button', { name: '下一步' }).click();
  await page.getByLabel('产品名称').fill(name);
  await page.getByRole('button', { name: '保存' }).click();
  await expect(page.getByRole('alert')).toHaveText('产品名称已存在');
});

test('P-01 the list is searched and filtered, and the address keeps it', async ({ console: page, server, api }) => {
  const name = fresh('find_me');
  const product = await api.product(name);
  await api.product(fresh('other'));
  await page.goto(room(server, '/products'));
  const rows = page.getByRole('table', { name: '产品开发' }).locator('tbody tr');
  await page.getByLabel('搜索产品名称').fill(name.slice(2));
  await expect(rows).toHaveCount(1);
  await expect(page).toHaveURL(new RegExp(`name=${name.slice(2)}`));
  await expect(rows).toContainText([name]);
  await expect(rows).toContainText([product]);
  await page.reload();
  await expect(rows).toHaveCount(1);
  await page.getByLabel('状态').click();
  await page.getByRole('option', { name: '已发布' }).click();
  await expect(page.getByText('没有符合条件的结果')).toBeVisible();
  await page.getByLabel('状态').click();
  await page.getByRole('option', { name: '开发中' }).click();
  await rows.getByRole('link', { name }).click();
  await expect(page).toHaveURL(room(server, `/products/${product}/model`));
});

test('P-04 name and description are changed', async ({ console: page, server, api }) => {
  const product = await api.product(fresh('before'), undefined, { ProductDesc: 'old' });
  const name = fresh('改名');
  await page.goto(room(server, `/products/${product}`));
  await page.getByRole('button', { name: '更多信息' }).click();
  await page.getByRole('button', { name: '修改产品信息' }).click();
  const dialog = page.getByRole('dialog', { name: '修改产品信息' });
  await dialog.getByLabel('产品名称').fill(name);
  await dialog.getByLabel('描述').fill('new');
  await dialog.getByRole('button', { name: '保存' }).click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole('heading', { name, level: 1 })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('heading', { name, level: 1 })).toBeVisible();
  const kept = await api.call<{ Product: { ProductDesc: string } }>('DescribeStudioProduct', { ProductId: product });
  expect(kept.Product.ProductDesc).toBe('new');
});

test('R-02 a release locks product and model until it is withdrawn', async ({ console: page, server, api }) => {
  const product = await api.product(fresh('release'), LAMP);
  await page.goto(room(server, `/products/${product}/release`));
  await expect(page.getByText('属性 5 · 事件 1 · 行为 1')).toBeVisible();
  const release = page.getByRole('button', { name: '确认信息并发布' });
  await expect(release).toBeDisabled();
  await page.getByRole('checkbox').check();
  await release.click();
  await page.getByRole('dialog').getByRole('button', { name: '确定' }).click();
  await expect(page.getByText('产品已发布。物模型与产品信息为只读，如需修改请撤销发布。')).toBeVisible();
  await expect(page.getByRole('button', { name: '删除' })).toBeDisabled();

  await page.getByRole('link', { name: '物模型定义' }).click();
  await expect(page.getByText('产品已发布，物模型为只读', { exact: false })).toBeVisible();
  await page.getByRole('tab', { name: '自定义功能' }).click();
  await expect(page.getByRole('cell', { name: 'power_switch' })).toBeVisible();
  for (const name of ['添加自定义功能', '导入物模型', '编辑']) {
    await expect(page.getByRole('button', { name })).toHaveCount(0);
  }

  await page.getByRole('link', { name: '批量投产' }).click();
  await page.getByRole('button', { name: '撤销发布' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '确定' }).click();
  await expect(release).toBeVisible();
  await page.getByRole('link', { name: '物模型定义' }).click();
  await page.getByRole('tab', { name: '自定义功能' }).click();
  await expect(page.getByRole('button', { name: '添加自定义功能' })).toBeVisible();
});

test('P-01 a product is deleted only after its name was typed', async ({ console: page, server, api }) => {
  const name = fresh('delete_me');
  await api.product(name);
  await page.goto(room(server, `/products?name=${name}`));
  await page.getByRole('button', { name: '删除' }).click();
  const dialog = page.getByRole('dialog', { name: '删除产品' });
  const yes = dialog.getByRole('button', { name: '删除' });
  await expect(yes).toBeDisabled();
  await dialog.getByRole('textbox').fill(name.slice(1));
  await expect(yes).toBeDisabled();
  await dialog.getByRole('textbox').fill(name);
  await yes.click();
  await expect(page.getByText('没有符合条件的结果')).toBeVisible();
});

test('P-01 a product with devices is not deleted', async ({ console: page, server, api }) => {
  const name = fresh('has_devices');
  const product = await api.product(name);
  await page.goto(room(server, `/products?name=${name}`));
  await page.getByRole('button', { name: '删除' }).click();
  // The page was opened before the device came: the server refuses, and the dialog says why.
  await api.device(product, 'late');
  const dialog = page.getByRole('dialog', { name: '删除产品' });
  await dialog.getByRole('textbox').fill(name);
  await dialog.getByRole('button', { name: '删除' }).click();
  await expect(dialog.getByRole('alert')).toContainText('产品下还有设备，不允许删除');
  await dialog.getByRole('button', { name: '取消' }).click();
  // Once the list knows, it does not offer it, and says why.
  await page.reload();
  const remove = page.getByRole('button', { name: '删除' });
  await expect(remove).toBeDisabled();
  await remove.hover({ force: true });
  await expect(page.getByText('产品下还有设备，不允许删除')).toBeVisible();
});
