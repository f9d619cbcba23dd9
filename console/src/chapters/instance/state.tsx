// The place where an instance's state is read from its expiry.
import { useTranslation } from 'react-i18next';
import type { InstanceEntry } from '../../api/gen';
import { millis, StatusTag } from '../../kit';

const SOON = 30 * 86_400_000;

export function InstanceState({ instance }: { instance: InstanceEntry }) {
  const { t } = useTranslation();
  const expires = millis(instance.ExpireTime);
  const left = expires === undefined ? Infinity : expires - Date.now();
  if (left <= 0) return <StatusTag tone="bad">{t('instance.expired')}</StatusTag>;
  if (left < SOON) return <StatusTag tone="warn">{t('instance.soon')}</StatusTag>;
  return <StatusTag tone="good">{t('instance.normal')}</StatusTag>;
}
