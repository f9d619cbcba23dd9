// The place where the pages of a device learn which device they show, how it is, and what its model says.
import { createContext, useContext } from 'react';
import type { DeviceInfo } from '../../api/gen';
import type { Model } from '../../thing-model/types';

export interface Device {
  productId: string;
  name: string;
  info: DeviceInfo;
  /** 0 offline, 1 online, 3 never online; live. */
  status: number;
  online: boolean;
  enabled: boolean;
  model: Model;
  /** The two fields that every call about the device has. */
  key: { ProductId: string; DeviceName: string };
}

export const DeviceContext = createContext<Device | undefined>(undefined);

export function useDevice(): Device {
  const device = useContext(DeviceContext);
  if (!device) throw new Error('this page stands outside of a device');
  return device;
}
