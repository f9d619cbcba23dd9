/** The pages of the console, and how each looks when it is there. */
import { Authority } from './authority.js';
import type { Server } from './server.js';
import { expect, room, type Page } from './test.js';
import type { Language, Side } from './world.js';

export interface Place {
  name: string;
  /** In the enterprise instance; `/instances` stands outside. */
  path: (side: Side) => string;
  /** What is opened on the page, in the words of the language. */
  open?: (page: Page, side: Side, language: Language) => Promise<void>;
  /** Takes away what `open` made. */
  close?: (page: Page, side: Side, language: Language) => Promise<void>;
  /** Shows texts of the server that are in one language only: standard features of categories. */
  foreign?: boolean;
}

const OUTSIDE = '/instances';

const device = (tab: string) => (side: Side) => `/devices/${side.product}/${side.name}/${tab}`;
const product = (step: string) => (side: Side) => `/products/${side.product}/${step}`;

const projects = (side: Side) => `/projects?name=${encodeURIComponent(side.projectName)}`;

const pick = (language: Language, zh: string, en: string) => (language === 'zh' ? zh : en);

const press = (zh: string, en: string) => async (page: Page, _side: Side, language: Language) =>
  page.getByRole('button', { name: pick(language, zh, en), exact: true }).first().click();
const tab = (zh: string, en: string) => async (page: Page, _side: Side, language: Language) =>
  page.getByRole('tab', { name: pick(language, zh, en) }).click();
const dialog = (page: Page) => expect(page.getByRole('dialog')).toBeVisible();

export const PLACES: Place[] = [
  { name: 'instances', path: () => OUTSIDE },
  { name: 'instance-info', path: () => '/info' },
  { name: 'projects', path: projects },
  { name: 'project-new', path: projects, open: press('新建项目', 'New project') },
  { name: 'products', path: (side) => `/products?project=${side.project}` },
  { name: 'products-none', path: () => '/products?name=nobody' },
  { name: 'product-category', path: () => '/products/new' },
  {
    name: 'product-form', path: (side) => `/products/new?project=${side.project}`,
    open: async (page, _side, language) => {
      await page.getByRole('textbox').first().fill(pick(language, '灯', 'light'));
      await page.getByRole('option').first().click();
      await page.getByRole('button', { name: pick(language, '下一步', 'Next') }).click();
      await page.getByRole('button', { name: pick(language, '保存', 'Save') }).click();
    },
  },
  {
    name: 'product-certificates', path: (side) => `/products/new?project=${side.project}`,
    open: async (page, _side, language) => {
      await page.getByRole('textbox').first().fill(pick(language, '灯', 'light'));
      await page.getByRole('option').first().click();
      await page.getByRole('button', { name: pick(language, '下一步', 'Next') }).click();
      await page.getByLabel(pick(language, '认证方式', 'Authentication')).click();
      await page.getByRole('option', { name: pick(language, '证书认证', 'Certificate') }).click();
    },
  },
  { name: 'product-model', path: product('model'), open: tab('自定义功能', 'Custom features') },
  { name: 'product-more', path: product('model'), open: press('更多信息', 'More information') },
  {
    name: 'product-feature', path: product('model'),
    open: async (page, side, language) => {
      await tab('自定义功能', 'Custom features')(page, side, language);
      await page.getByRole('row').filter({ hasText: 'water' }).first()
        .getByRole('button', { name: pick(language, '编辑', 'Edit') }).click();
      await dialog(page);
    },
  },
  { name: 'product-json', path: product('model'), open: press('查看物模型 JSON', 'View model JSON') },
  { name: 'product-import', path: product('model'), open: press('导入物模型', 'Import model') },
  { name: 'product-standard', path: product('model'), open: press('添加标准功能', 'Add standard features'), foreign: true },
  { name: 'product-develop', path: product('develop') },
  { name: 'product-debug', path: product('debug') },
  { name: 'product-release', path: product('release') },
  { name: 'devices', path: (side) => `/devices?project=${side.project}` },
  { name: 'device-new', path: (side) => `/devices?project=${side.project}`, open: press('新建设备', 'New device') },
  { name: 'device-info', path: device('info') },
  {
    name: 'device-key', path: (side) => `/products/${side.safe}/debug`,
    open: async (page, side, language) => {
      await press('新建设备', 'New device')(page, side, language);
      await page.getByRole('dialog').getByRole('textbox').first().fill('meter-2');
      await press('保存', 'Save')(page, side, language);
      await expect(page.getByRole('dialog', { name: pick(language, '设备已创建', 'Device created') })).toBeVisible();
    },
  },
  { name: 'device-certificate', path: (side) => `/devices/${side.safe}/meter-1/info` },
  { name: 'device-properties', path: device('properties') },
  {
    name: 'device-history', path: device('properties'),
    open: async (page) => {
      await page.getByRole('row').filter({ hasText: 'temperature' }).getByRole('button').click();
      await expect(page.getByRole('dialog').locator('canvas').first()).toBeVisible();
    },
  },
  {
    name: 'device-events', path: device('model'),
    open: async (page) => page.getByRole('row').filter({ hasText: 'pump_fault' }).getByRole('button').click(),
  },
  { name: 'device-actions', path: device('model'), open: tab('行为', 'Action') },
  { name: 'device-contents', path: device('logs') },
  { name: 'device-comings', path: (side) => `${device('logs')(side)}?log=online` },
  { name: 'device-diagnosis', path: (side) => `${device('logs')(side)}?log=diagnosis` },
  {
    name: 'device-debug', path: device('debug'),
    open: async (page, side) => {
      await expect(page.getByRole('log')).toBeVisible();
      await side.device.report({ pressure: 9.3 });
      await expect(page.getByRole('log').getByText('report_reply', { exact: true })).toBeVisible();
    },
  },
  { name: 'device-call', path: device('debug'), open: tab('行为调用', 'Actions') },
  { name: 'device-publish', path: device('debug'), open: tab('消息发布', 'Publish') },
  { name: 'device-offline', path: (side) => `/devices/${side.product}/store-05/debug` },
  { name: 'device-gone', path: (side) => `/devices/${side.product}/nobody/info` },
  { name: 'certificates-none', path: () => '/certificates' },
  { name: 'certificate-new', path: () => '/certificates', open: press('登记 CA', 'Register CA') },
  {
    name: 'certificate-replace', path: () => '/certificates',
    open: async (page, side, language) => {
      const maker = new Authority('maker');
      await press('登记 CA', 'Register CA')(page, side, language);
      const form = page.getByRole('dialog').locator('form');
      maker.shell(await form.locator('pre').innerText());
      await form.getByRole('textbox').nth(0).fill('factory');
      await form.getByRole('textbox').nth(1).fill(maker.file('ca.pem'));
      await form.getByRole('textbox').nth(2).fill(maker.file('verify.pem'));
      maker.remove();
      await press('保存', 'Save')(page, side, language);
      await press('更换证书', 'Replace')(page, side, language);
    },
    close: async (page, side, language) => {
      await press('取消', 'Cancel')(page, side, language);
      await press('删除', 'Delete')(page, side, language);
      await page.getByRole('dialog').getByRole('button', { name: pick(language, '删除', 'Delete') }).click();
      await expect(page.getByRole('dialog')).toHaveCount(0);
    },
  },
  {
    name: 'product-ca', path: (side) => `/products/${side.safe}/develop`,
    open: async (page, side, language) => {
      await press('更多信息', 'More information')(page, side, language);
      await press('更换 CA', 'Change CA')(page, side, language);
    },
  },
  { name: 'services-none', path: () => '/services' },
  {
    name: 'service-new', path: () => '/services',
    open: async (page, side, language) => {
      await press('新建客户端', 'New client')(page, side, language);
      await page.getByText(pick(language, '指定产品', 'Some products')).click();
    },
  },
  {
    name: 'service-token', path: () => '/services',
    open: async (page, side, language) => {
      await press('新建客户端', 'New client')(page, side, language);
      await page.getByLabel(pick(language, '备注', 'Remark')).fill('data-lake');
      await page.getByLabel(pick(language, '发布范围', 'May publish to')).fill('plant/+/cmd\nplant/+/plan');
      await press('保存', 'Save')(page, side, language);
      await expect(page.getByRole('dialog', { name: pick(language, '客户端已创建', 'Client created') })).toBeVisible();
    },
  },
  { name: 'services', path: () => '/services' },
  {
    name: 'service-revoke', path: () => '/services',
    open: async (page, side, language) => {
      await press('吊销', 'Revoke')(page, side, language);
      await dialog(page);
    },
  },
  { name: 'not-found', path: () => '/nowhere' },
];

export function address(server: Server, path: string): string {
  return path === OUTSIDE ? server.http + path : room(server, path);
}

/** Nothing loads any more. */
export async function settled(page: Page): Promise<void> {
  await expect(page.locator('.app-splash, .k-skeleton, .k-bar, [aria-busy=true], .t-loading')).toHaveCount(0);
  await expect(page.locator('main').first()).toBeVisible();
}
