// The place where DeviceList is; the device rooms' builder fills it.
import { useTranslation } from 'react-i18next';
import { Empty } from '../../kit';

export default function DeviceList() {
  const { t } = useTranslation();
  return <Empty title={t('device.title')} />;
}
