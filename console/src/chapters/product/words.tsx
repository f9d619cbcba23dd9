// The place where the cloud API's numbers and words for products become people's words.
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { call } from '../../api/client';
import type { CategoryEntry, ProductEntry } from '../../api/gen';
import { StatusTag, type Tone } from '../../kit';

export const PLAIN = 0;
export const GATEWAY = 5;
/** 证书认证, 密钥认证 */
export const CERTIFICATE_AUTH = '1';
export const KEY_AUTH = '2';
export type Auth = typeof CERTIFICATE_AUTH | typeof KEY_AUTH;
export const THING_MODEL = 1;
export const RAW = 2;

export const NETS = [
  'wifi',
  'wifi-ble',
  'cellular',
  '5g',
  'ble',
  'lorawan',
  'ethernet',
  'wifi-ethernet',
  'else',
] as const;
export const SUB_NETS = ['sub_zigbee', 'sub_ble', 'sub_blemesh', 'sub_433mhz', 'sub_else'] as const;
export type Net = (typeof NETS)[number] | (typeof SUB_NETS)[number];

/** Manual: 以太网 is offered on enterprise instances. */
const ENTERPRISE_NETS: readonly Net[] = ['ethernet', 'wifi-ethernet'];

export const netsFor = (enterprise: boolean) =>
  NETS.filter((net) => enterprise || !ENTERPRISE_NETS.includes(net));

export type DeviceType = 'device' | 'gateway' | 'subdevice';

/** Sub-devices are plain products whose network is that of a gateway. */
export function deviceTypeOf(product: ProductEntry): DeviceType {
  if (product.ProductType === GATEWAY) return 'gateway';
  return product.NetType?.startsWith('sub_') ? 'subdevice' : 'device';
}

const TONES: Record<string, Tone> = { dev: 'info', audit: 'warn', released: 'good' };
export const STATES = ['dev', 'audit', 'released'] as const;
export type State = (typeof STATES)[number];

export function StateTag({ state }: { state: string | undefined }) {
  const { t } = useTranslation();
  const known = STATES.find((one) => one === state) ?? 'dev';
  return <StatusTag tone={TONES[known] ?? 'plain'}>{t(`product.${known}`)}</StatusTag>;
}

export function useProductWords() {
  const { t } = useTranslation();
  return {
    deviceType: (product: ProductEntry) => t(`product.${deviceTypeOf(product)}`),
    net: (product: ProductEntry) => {
      const known = [...NETS, ...SUB_NETS].find((net) => net === product.NetType);
      return known ? t(`product.nets.${known}`) : (product.NetType ?? '');
    },
    auth: (product: ProductEntry) =>
      t(product.EncryptionType === CERTIFICATE_AUTH ? 'product.authCertificate' : 'product.authKey'),
    protocol: (product: ProductEntry) =>
      t(product.DataProtocol === RAW ? 'product.raw' : 'product.thingModel'),
  };
}

/** All categories; they change only with the server. */
export function useCategories() {
  const { i18n } = useTranslation();
  const found = useQuery({
    queryKey: ['DescribeCategories'],
    queryFn: ({ signal }) => call('DescribeCategories', {}, signal),
    staleTime: Infinity,
  });
  const all = found.data?.Categories ?? [];
  const text = (category: CategoryEntry | undefined) =>
    (i18n.language === 'zh' ? category?.NameZh : category?.NameEn) ?? '';
  const byId = (id: number | undefined) => all.find((one) => one.CategoryId === id);
  /** `智慧生活 / 电工照明 / 灯` */
  const path = (id: number | undefined): string => {
    const names: string[] = [];
    let at = byId(id);
    while (at && names.length < 5) {
      names.unshift(text(at));
      at = byId(at.ParentId);
    }
    return names.join(' / ');
  };
  return { all, text, path, byId, loading: found.isPending };
}
