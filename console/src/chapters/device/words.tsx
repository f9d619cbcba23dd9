// The place where the states of a device get their words and colours (Appendix C).
import { useTranslation } from 'react-i18next';
import { Label, StatusTag, type Tone } from '../../kit';
import type { EventType } from '../../thing-model/types';

export const OFFLINE = 0;
export const ONLINE = 1;
export const INACTIVE = 3;

/** 在线, 离线, 未激活 */
export function DeviceStatus({ status }: { status: number | undefined }) {
  const { t } = useTranslation();
  if (status === ONLINE) return <StatusTag tone="good">{t('device.online')}</StatusTag>;
  if (status === OFFLINE) return <StatusTag tone="warn">{t('device.offline')}</StatusTag>;
  return <StatusTag tone="plain">{t('device.inactive')}</StatusTag>;
}

/** 启用, 禁用 */
export function EnableState({ enabled }: { enabled: boolean }) {
  const { t } = useTranslation();
  return enabled ? (
    <Label tone="info">{t('device.enabled')}</Label>
  ) : (
    <Label tone="bad">{t('device.disabled')}</Label>
  );
}

const EVENT_TONES: Record<EventType, Tone> = { info: 'info', alert: 'warn', fault: 'bad' };

/** 信息, 告警, 故障 */
export function EventTag({ type }: { type: string | undefined }) {
  const { t } = useTranslation();
  if (type !== 'info' && type !== 'alert' && type !== 'fault') return <Label>{type}</Label>;
  return <Label tone={EVENT_TONES[type]}>{t(`model.${type}`)}</Label>;
}

/** 上行, 下行 */
export function DirectionTag({ direction }: { direction: string | undefined }) {
  const { t } = useTranslation();
  return direction === 'up' ? (
    <Label tone="good">↑ {t('device.up')}</Label>
  ) : (
    <Label tone="info">↓ {t('device.down')}</Label>
  );
}
