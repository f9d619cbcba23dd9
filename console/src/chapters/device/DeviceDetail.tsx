// The place where DeviceDetail is; the device rooms' builder fills it.
import { useTranslation } from 'react-i18next';
import { Empty } from '../../kit';

export default function DeviceDetail() {
  const { t } = useTranslation();
  return <Empty title={t('device.title')} />;
}
