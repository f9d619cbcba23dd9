// The place where devices are enabled, disabled and deleted, after a question.
import { useTranslation } from 'react-i18next';
import { useAction } from '../../api/hooks';
import { confirm } from '../../kit';

export interface Target {
  ProductId: string;
  DeviceName: string;
}

const STALE = ['GetDeviceList', 'DescribeDevice', 'DescribeStudioProduct'] as const;

export function useOperations(onDone?: () => void) {
  const { t } = useTranslation();
  const enabling = useAction('UpdateDevicesEnableState', {
    quiet: true,
    done: t('device.saidEnabled'),
    stale: [...STALE],
    onDone,
  });
  const disabling = useAction('UpdateDevicesEnableState', {
    quiet: true,
    done: t('device.saidDisabled'),
    stale: [...STALE],
    onDone,
  });
  const removing = useAction('DeleteDevices', {
    quiet: true,
    done: t('said.deleted'),
    onDone,
    stale: ['GetDeviceList', 'DescribeStudioProduct', 'DescribeInstances', 'SearchStudioProduct'],
  });
  const named = (targets: readonly Target[]) => ({
    count: targets.length,
    name: targets[0]?.DeviceName ?? '',
  });
  return {
    enable: (targets: readonly Target[]) =>
      confirm({
        title: t('device.enableTitle'),
        body: t(targets.length === 1 ? 'device.enableBody' : 'device.enableMany', named(targets)),
        yes: t('device.enable'),
        run: () => enabling.runAsync({ DevicesItems: [...targets], Status: 1 }),
      }),
    disable: (targets: readonly Target[]) =>
      confirm({
        title: t('device.disableTitle'),
        body: t(targets.length === 1 ? 'device.disableBody' : 'device.disableMany', named(targets)),
        yes: t('device.disable'),
        danger: true,
        run: () => disabling.runAsync({ DevicesItems: [...targets], Status: 0 }),
      }),
    /** `typed`: the name must be typed first. */
    remove: (targets: readonly Target[], typed = false) =>
      confirm({
        title: t('device.delete'),
        body: t(targets.length === 1 ? 'device.deleteBody' : 'device.deleteMany', named(targets)),
        yes: t('do.delete'),
        danger: true,
        typed: typed ? targets[0]?.DeviceName : undefined,
        run: () => removing.runAsync({ DevicesItems: [...targets] }),
      }),
  };
}
