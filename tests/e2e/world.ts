/** A small company with machines, once with Chinese and once with English words: what pages look like in use. */
import { Api } from './api.js';
import { Device } from './device.js';
import type { Server } from './server.js';
import { test as base } from './test.js';

export type Language = 'zh' | 'en';

type Word = Record<Language, string>;

/** One side of the world: a project whose data are in one language. */
export interface Side {
  project: string;
  projectName: string;
  /** Of coffee machines, with a thing model of every data type. */
  product: string;
  /** Online; its history and logs are filled. */
  device: Device;
  name: string;
  /** A product whose devices have certificates; `meter-1` is one. */
  safe: string;
}

const word = (zh: string, en: string): Word => ({ zh, en });

const PROJECT = word('门店设备', 'Store_equipment');
const OTHERS: { name: Word; category: number; devices: number; released?: boolean; more?: object }[] = [
  { name: word('温室传感器', 'Greenhouse_sensor'), category: 40, devices: 8, released: true, more: { NetType: 'lorawan' } },
  { name: word('智慧路灯', 'Street_lamp'), category: 3, devices: 12, released: true, more: { NetType: 'cellular' } },
  { name: word('门禁', 'Door_lock'), category: 30, devices: 2 },
  { name: word('电能表', 'Energy_meter'), category: 50, devices: 0, more: { NetType: 'ethernet' } },
  { name: word('楼层网关', 'Floor_gateway'), category: 25, devices: 1, more: { ProductType: 5, NetType: 'ethernet' } },
];
const MACHINE = word('自助咖啡机', 'Coffee_machine');
const SAFE = word('燃气表', 'Gas_meter');

/** A thing model with every data type, its words in one language. */
function machine(language: Language) {
  const w = (zh: string, en: string) => word(zh, en)[language];
  const number = (min: string, max: string, step: string, unit: string) => ({ min, max, step, unit, start: min });
  const property = (id: string, name: string, define: object, mode = 'rw') =>
    ({ id, name, desc: '', required: false, mode, define });
  const param = (id: string, name: string, define: object) => ({ id, name, define });
  return {
    version: '1.0',
    properties: [
      property('power_switch', w('电源', 'Power'), { type: 'bool', mapping: { 0: w('关', 'Off'), 1: w('开', 'On') } }),
      property('drink', w('饮品', 'Drink'), {
        type: 'enum', mapping: { 0: w('美式', 'Americano'), 1: w('拿铁', 'Latte'), 2: w('浓缩', 'Espresso') },
      }),
      property('temperature', w('出水温度', 'Water temperature'), { type: 'float', ...number('60', '96', '0.5', '℃') }),
      property('cup', w('杯量', 'Cup size'), { type: 'int', ...number('30', '400', '10', 'ml') }),
      property('pressure', w('泵压', 'Pump pressure'), { type: 'float', ...number('0', '20', '0.1', 'bar') }, 'r'),
      property('level', w('模式', 'Mode'), {
        type: 'stringenum', mapping: { eco: w('节能', 'Economy'), turbo: w('快速', 'Turbo') },
      }),
      property('greeting', w('屏幕问候语', 'Greeting'), { type: 'string', min: '0', max: '64' }),
      property('cleaned', w('上次清洗', 'Last cleaning'), { type: 'timestamp' }),
      property('water', w('水箱', 'Water tank'), { type: 'struct', specs: [
        { id: 'level', name: w('水位', 'Level'), dataType: { type: 'int', ...number('0', '100', '1', '%') } },
        { id: 'hard', name: w('硬水', 'Hard water'), dataType: { type: 'bool', mapping: { 0: w('否', 'No'), 1: w('是', 'Yes') } } },
      ] }),
      property('beans', w('豆仓余量', 'Bean boxes'), { type: 'array', arrayInfo: { type: 'int', ...number('0', '1000', '1', 'g') } }, 'r'),
    ],
    events: [
      { id: 'started', name: w('已启动', 'Started'), desc: '', type: 'info', required: false, params: [] },
      { id: 'water_low', name: w('缺水', 'Water low'), desc: '', type: 'alert', required: false,
        params: [param('level', w('水位', 'Level'), { type: 'int', ...number('0', '100', '1', '%') })] },
      { id: 'pump_fault', name: w('水泵故障', 'Pump fault'), desc: '', type: 'fault', required: false,
        params: [param('code', w('故障代码', 'Fault code'), { type: 'int', ...number('0', '99', '1', '') })] },
    ],
    actions: [
      { id: 'brew', name: w('出杯', 'Brew'), desc: '', required: false,
        input: [
          param('cups', w('杯数', 'Cups'), { type: 'int', ...number('1', '4', '1', '') }),
          param('note', w('备注', 'Note'), { type: 'string', min: '0', max: '32' }),
        ],
        output: [param('seconds', w('用时', 'Duration'), { type: 'int', ...number('0', '600', '1', 's') })] },
    ],
    profile: { ProductId: '', CategoryId: '1' },
  };
}

/** One report's worth of the machine. */
export const MOMENT = (language: Language) => ({
  power_switch: 1, drink: 1, temperature: 92.5, cup: 240, pressure: 9.1, level: 'turbo',
  greeting: word('早上好 ☕', 'Good morning ☕')[language],
  cleaned: 1_795_600_000, water: { level: 64, hard: 0 }, beans: [420, 150],
});

async function side(server: Server, api: Api, language: Language): Promise<Side> {
  const made = await api.call<{ Project: { ProjectId: string } }>('CreateProject', {
    ProjectName: PROJECT[language], ProjectDesc: '', InstanceId: server.login.EnterpriseInstanceId,
  });
  const project = made.Project.ProjectId;
  for (const { name, category, devices, released, more } of OTHERS) {
    const other = await api.product(name[language], undefined, { ProjectId: project, CategoryId: category, ...more });
    for (let n = 1; n <= devices; n += 1) await api.device(other, `unit-${String(n).padStart(3, '0')}`);
    if (released) await api.call('ReleaseStudioProduct', { ProductId: other, DevStatus: 'released' });
  }
  const product = await api.product(MACHINE[language], machine(language), { ProjectId: project });
  const name = 'store-07';
  for (const other of ['lab-01', 'store-03', 'store-04']) await api.device(product, other);
  const offline = await Device.connect(server, product, 'store-05', await api.device(product, 'store-05'));
  await offline.report({ power_switch: 1 });
  await offline.close();
  await api.call('UpdateDevicesEnableState', { DevicesItems: [{ ProductId: product, DeviceName: 'lab-01' }], Status: 0 });
  const device = await Device.connect(server, product, name, await api.device(product, name));
  await fill(api, device, product, name, language);
  const safe = await api.product(SAFE[language], undefined, { ProjectId: project, EncryptionType: '1' });
  await api.device(safe, 'meter-1');
  return { project, projectName: PROJECT[language], product, device, name, safe };
}

/** History, events, a call and what was refused. */
async function fill(api: Api, device: Device, product: string, name: string, language: Language): Promise<void> {
  await device.event('started', 'info', {});
  for (const temperature of [61.5, 88]) await device.report({ temperature });
  await device.report(MOMENT(language));
  await device.event('water_low', 'alert', { level: 12 });
  await device.event('pump_fault', 'fault', { code: 17 });
  const call = api.call('CallDeviceActionSync', {
    ProductId: product, DeviceName: name, ActionId: 'brew', InputParams: '{"cups":2,"note":"oat milk"}',
  });
  await device.answer({ seconds: 41 });
  await call;
  await device.send('property', { method: 'report', clientToken: 'odd', params: { steam: 1 } });
  await device.expect('report_reply');
}

export interface World {
  sides: Record<Language, Side>;
}

/** Tests that look at pages in use; the world is made once. */
export const test = base.extend<object, World>({
  sides: [
    async ({ server, api }, use) => {
      const sides = { zh: await side(server, api, 'zh'), en: await side(server, api, 'en') };
      await use(sides);
      await sides.zh.device.close();
      await sides.en.device.close();
    },
    { scope: 'worker' },
  ],
});
