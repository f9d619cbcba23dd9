// The place where the rooms of an instance are listed: the left menu of console-pages.md, G-03 and G-04.
// P: public instances show it, E: enterprise instances. Rooms that are not built are absent.
import {
  CertificateIcon,
  ControlPlatformIcon,
  DeviceIcon,
  InfoCircleIcon,
  LayersIcon,
  ServerIcon,
} from 'tdesign-icons-react';
import type { ComponentType } from 'react';
import type { Words } from '../i18n';

export interface Room {
  key: keyof Words['nav'];
  /** Below `/i/{instanceId}`. */
  to?: string;
  icon?: ComponentType;
  shown: 'P' | 'E' | 'PE';
  rooms?: Room[];
}

export const ROOMS: Room[] = [
  { key: 'info', to: '/info', icon: InfoCircleIcon, shown: 'E' },
  { key: 'products', to: '/products', icon: LayersIcon, shown: 'PE' },
  { key: 'devices', to: '/devices', icon: DeviceIcon, shown: 'E' },
  {
    key: 'operations',
    icon: ControlPlatformIcon,
    shown: 'P',
    rooms: [{ key: 'devices', to: '/devices', icon: DeviceIcon, shown: 'P' }],
  },
  { key: 'certificates', to: '/certificates', icon: CertificateIcon, shown: 'E' },
  { key: 'services', to: '/services', icon: ServerIcon, shown: 'PE' },
];

export function roomsOf(enterprise: boolean): Room[] {
  const mark = enterprise ? 'E' : 'P';
  return ROOMS.filter((room) => room.shown.includes(mark));
}
