/** M-01 to M-07 the thing model. */
import { readFile } from 'node:fs/promises';
import { expect, fresh, LAMP, room, test, type Locator, type Page } from './test.js';

interface Kept {
  Model: { ModelDefine: string };
}

type Define = Record<string, unknown>;

const rowOf = (page: Page, id: string) =>
  page.getByRole('row').filter({ has: page.getByText(id, { exact: true }) });

async function choose(within: Locator, label: string, option: string): Promise<void> {
  await within.getByRole('combobox', { name: label }).click();
  await within.page().getByRole('option', { name: option, exact: true }).click();
}

/** What a type asks for beyond its name, and what the server must have kept of it. */
const TYPES: { type: string; word: string; fill: (form: Locator) => Promise<void>; define: Define }[] = [
  {
    type: 'bool', word: '布尔型',
    fill: async (form) => {
      await form.getByLabel('0 描述').fill('合上');
      await form.getByLabel('1 描述').fill('打开');
    },
    define: { type: 'bool', mapping: { 0: '合上', 1: '打开' } },
  },
  {
    type: 'int', word: '整数型',
    fill: async (form) => {
      await form.getByLabel('最小值').fill('-20');
      await form.getByLabel('最大值').fill('200');
      await form.getByLabel('步长').fill('5');
      await form.getByLabel('单位').fill('rpm');
    },
    define: { type: 'int', min: '-20', max: '200', step: '5', unit: 'rpm' },
  },
  {
    type: 'float', word: '浮点型',
    fill: async (form) => {
      await form.getByLabel('最大值').fill('36.5');
      await form.getByLabel('步长').fill('0.1');
      await form.getByLabel('单位').fill('℃');
    },
    define: { type: 'float', min: '0', max: '36.5', step: '0.1', unit: '℃' },
  },
  {
    type: 'string', word: '字符串',
    fill: async (form) => form.getByLabel('最大长度').fill('64'),
    define: { type: 'string', max: '64' },
  },
  {
    type: 'enum', word: '枚举整型',
    fill: async (form) => {
      await form.getByLabel('描述 1').fill('慢');
      await form.getByRole('button', { name: '添加枚举项' }).click();
      await form.getByLabel('描述 2').fill('快');
    },
    define: { type: 'enum', mapping: { 0: '慢', 1: '快' } },
  },
  {
    type: 'stringenum', word: '枚举字符串',
    fill: async (form) => {
      await form.getByLabel('取值 1').fill('cool');
      await form.getByLabel('描述 1').fill('制冷');
    },
    define: { type: 'stringenum', mapping: { cool: '制冷' } },
  },
  { type: 'timestamp', word: '时间型', fill: async () => {}, define: { type: 'timestamp' } },
  {
    type: 'struct', word: '结构体',
    fill: async (form) => {
      await form.getByRole('button', { name: '添加字段' }).click();
      const field = form.getByRole('group', { name: '结构体字段 1' });
      await field.getByLabel('字段名称').fill('经度');
      await field.getByLabel('字段标识符').fill('lon');
      await choose(field, '数据类型', '浮点型 float');
      await field.getByLabel('最小值').fill('-180');
      await field.getByLabel('最大值').fill('180');
    },
    define: { type: 'struct', specs: [{ id: 'lon', name: '经度', dataType: { type: 'float', min: '-180', max: '180' } }] },
  },
  {
    type: 'array', word: '数组',
    fill: async (form) => choose(form, '元素类型', '整数型 int'),
    define: { type: 'array', arrayInfo: { type: 'int', min: '0', max: '100' } },
  },
];

test('M-03 a property of every type is added', async ({ console: page, server, api }) => {
  const product = await api.product(fresh('types'));
  await page.goto(room(server, `/products/${product}/model`));
  await page.getByRole('tab', { name: '自定义功能' }).click();
  for (const { type, word, fill } of TYPES) {
    await page.getByRole('button', { name: '添加自定义功能' }).click();
    const form = page.getByRole('dialog', { name: '添加自定义功能' });
    await form.getByLabel('功能名称').fill(`名称 ${type}`);
    await form.getByLabel('标识符').first().fill(`p_${type}`);
    if (type !== 'bool') await choose(form, '数据类型', `${word} ${type}`);
    await fill(form);
    await form.getByRole('button', { name: '保存' }).click();
    await expect(form).toHaveCount(0);
    await expect(rowOf(page, `p_${type}`)).toContainText(word);
  }
  const kept = await api.call<Kept>('DescribeModelDefinition', { ProductId: product });
  const { properties } = JSON.parse(kept.Model.ModelDefine) as { properties: { id: string; define: Define }[] };
  expect(properties).toMatchObject(TYPES.map(({ type, define }) => ({ id: `p_${type}`, mode: 'rw', define })));
});

test('M-03 a wrong property is not sent, and each fault stands at its field', async ({ console: page, server, api }) => {
  const product = await api.product(fresh('faults'), LAMP);
  await page.goto(room(server, `/products/${product}/model`));
  await page.getByRole('tab', { name: '自定义功能' }).click();
  await page.getByRole('button', { name: '添加自定义功能' }).click();
  const form = page.getByRole('dialog', { name: '添加自定义功能' });
  await form.getByLabel('功能名称').fill('重复');
  await form.getByLabel('标识符').fill('brightness');
  await choose(form, '数据类型', '整数型 int');
  await form.getByLabel('最小值').fill('9');
  await form.getByLabel('最大值').fill('3');
  await form.getByRole('button', { name: '保存' }).click();
  await expect(form.getByText('标识符已被使用')).toBeVisible();
  await expect(form.getByText('最大值不能小于最小值')).toBeVisible();
});

test('M-04, M-05 an event and an action are added, changed and deleted', async ({ console: page, server, api }) => {
  const product = await api.product(fresh('features'));
  await page.goto(room(server, `/products/${product}/model`));
  await page.getByRole('tab', { name: '自定义功能' }).click();
  const add = async (kind: string, name: string, id: string) => {
    await page.getByRole('button', { name: '添加自定义功能' }).click();
    const form = page.getByRole('dialog', { name: '添加自定义功能' });
    await form.getByRole('radio', { name: kind, exact: true }).check();
    await form.getByLabel('功能名称').fill(name);
    await form.getByLabel('标识符').first().fill(id);
    return form;
  };
  const param = async (form: Locator, list: string, n: number, name: string, id: string) => {
    await form.getByRole('group', { name: list, exact: true }).getByRole('button', { name: '添加参数' }).click();
    const fields = form.getByRole('group', { name: `${list} ${n}` });
    await fields.getByLabel('参数名称').fill(name);
    await fields.getByLabel('参数标识符').fill(id);
  };
  const save = async (form: Locator) => {
    await form.getByRole('button', { name: '保存' }).click();
    await expect(form).toHaveCount(0);
  };

  const event = await add('事件', '电机故障', 'motor_fault');
  await event.getByRole('radio', { name: '故障', exact: true }).check();
  await param(event, '事件参数', 1, '代码', 'code');
  await save(event);
  await expect(rowOf(page, 'motor_fault')).toContainText('code: int');
  await expect(rowOf(page, 'motor_fault')).toContainText('故障');

  const action = await add('行为', '出杯', 'serve');
  await param(action, '请求参数', 1, '杯数', 'cups');
  await param(action, '返回参数', 1, '结果', 'result');
  await save(action);
  await expect(rowOf(page, 'serve')).toContainText('(cups: int) → (result: int)');

  await rowOf(page, 'serve').getByRole('button', { name: '编辑' }).click();
  const edit = page.getByRole('dialog', { name: '编辑功能' });
  await edit.getByLabel('功能名称').fill('出两杯');
  await edit.getByRole('group', { name: '返回参数', exact: true }).getByRole('button', { name: '移除参数 1' }).click();
  await save(edit);
  await expect(rowOf(page, 'serve')).toContainText('出两杯');
  await expect(rowOf(page, 'serve')).toContainText('(cups: int) → ()');

  await rowOf(page, 'motor_fault').getByRole('button', { name: '删除' }).click();
  await page.getByRole('dialog', { name: '删除功能' }).getByRole('button', { name: '删除' }).click();
  await expect(rowOf(page, 'motor_fault')).toHaveCount(0);
  const kept = await api.call<Kept>('DescribeModelDefinition', { ProductId: product });
  const model = JSON.parse(kept.Model.ModelDefine) as { events: unknown[]; actions: object[] };
  expect(model.events).toEqual([]);
  expect(model.actions).toMatchObject([{ id: 'serve', name: '出两杯', input: [{ id: 'cups' }], output: [] }]);
});

test('M-02 standard features are picked; those of other categories become custom', async ({ console: page, server, api }) => {
  const SWITCH_PANEL = 4;
  const product = await api.product(fresh('panel'), undefined, { CategoryId: SWITCH_PANEL });
  const before = await api.call<Kept>('DescribeModelDefinition', { ProductId: product });
  const began = JSON.parse(before.Model.ModelDefine) as Record<'properties' | 'events' | 'actions', { id: string }[]>;
  await page.goto(room(server, `/products/${product}/model`));
  const standard = page.getByRole('table', { name: '标准功能' }).locator('tbody tr');
  await expect(standard).toHaveCount(began.properties.length + began.events.length + began.actions.length);
  // A standard feature is taken out, and picked again.
  const first = began.properties[0]!.id;
  await rowOf(page, first).getByRole('button', { name: '删除' }).click();
  await page.getByRole('dialog', { name: '删除功能' }).getByRole('button', { name: '删除' }).click();
  await expect(rowOf(page, first)).toHaveCount(0);

  await page.getByRole('button', { name: '添加标准功能' }).click();
  const dialog = page.getByRole('dialog', { name: '添加标准功能' });
  await dialog.getByRole('checkbox', { name: first }).check();
  await dialog.getByRole('button', { name: '通用类型 · 定位功能' }).click();
  await dialog.getByRole('checkbox', { name: 'GPS_Info' }).check();
  await dialog.getByRole('button', { name: '灯', exact: true }).click();
  await dialog.getByLabel('搜索功能名称或标识符').fill('bright');
  await dialog.getByRole('checkbox', { name: 'brightness' }).check();
  await expect(dialog.getByText('已选 3 项')).toBeVisible();
  await dialog.getByRole('button', { name: '确定' }).click();
  await expect(dialog).toHaveCount(0);
  await expect(rowOf(page, first)).toBeVisible();
  await page.getByRole('tab', { name: '自定义功能' }).click();
  await expect(rowOf(page, 'GPS_Info')).toBeVisible();
  await expect(rowOf(page, 'brightness')).toBeVisible();
});

test('M-06 the model is shown, copied and downloaded', async ({ console: page, server, api, context }) => {
  const product = await api.product(fresh('json'), LAMP);
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.http });
  await page.goto(room(server, `/products/${product}/model`));
  await page.getByRole('button', { name: '查看物模型 JSON' }).click();
  const dialog = page.getByRole('dialog', { name: '查看物模型 JSON' });
  await expect(dialog.getByText('"power_switch"')).toBeVisible();
  await dialog.getByRole('button', { name: '复制' }).click();
  await expect(page.getByText('已复制')).toBeVisible();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  const begun = page.waitForEvent('download');
  await dialog.getByRole('button', { name: '下载' }).click();
  const file = await begun;
  expect(file.suggestedFilename()).toBe(`${product}.json`);
  const saved = await readFile(await file.path(), 'utf8');
  expect(JSON.parse(saved)).toEqual(JSON.parse(copied));
  expect(JSON.parse(saved)).toMatchObject({ version: '1.0', events: [{ id: 'low_voltage' }], actions: [{ id: 'blink' }] });
});

test('M-07 an import replaces the model, and a bad one says what is wrong', async ({ console: page, server, api }) => {
  const product = await api.product(fresh('import'), LAMP);
  await page.goto(room(server, `/products/${product}/model`));
  await page.getByRole('button', { name: '导入物模型' }).click();
  const dialog = page.getByRole('dialog', { name: '导入物模型' });
  await expect(dialog.getByText('导入将覆盖该产品现有的全部物模型', { exact: false })).toBeVisible();
  const editor = dialog.getByRole('textbox', { name: '导入物模型' });
  const submit = dialog.getByRole('button', { name: '导入', exact: true });
  await editor.fill('{"version":');
  await submit.click();
  await expect(dialog.getByRole('alert')).toContainText('JSON 格式不正确');
  // Well-formed, but no model: the server names the place.
  const bad = { version: '1.0', properties: [{ id: 'x', name: 'x', mode: 'rw', define: { type: 'int', min: '9', max: '3' } }] };
  await editor.fill(JSON.stringify(bad));
  await submit.click();
  await expect(dialog.getByRole('alert')).toContainText('properties[0]');
  const good = { ...bad, properties: [{ ...bad.properties[0], define: { type: 'int', min: '3', max: '9', start: '3', step: '1', unit: '' } }], events: [], actions: [] };
  await dialog.getByLabel('选择文件').setInputFiles({
    name: 'model.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(good)),
  });
  await expect(dialog.getByText('将导入 1 个属性、0 个事件、0 个行为')).toBeVisible();
  await submit.click();
  await expect(dialog).toHaveCount(0);
  await page.getByRole('tab', { name: '自定义功能' }).click();
  await expect(page.getByRole('table', { name: '自定义功能' }).locator('tbody tr')).toHaveCount(1);
  await expect(rowOf(page, 'x')).toContainText('3 ~ 9');
});
