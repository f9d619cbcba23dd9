// The place where a product's devices are debugged (D-01): the third step of its development.
import { useTranslation } from 'react-i18next';
import { Card } from '../../kit';
import { useProduct } from '../product/context';
import { DeviceTable } from './DeviceTable';

export default function DebugStep() {
  const { t } = useTranslation();
  const { ProductId } = useProduct();
  return (
    <Card title={t('device.debugTitle')} extra={<span className="k-quiet">{t('device.debugText')}</span>}>
      <DeviceTable productId={ProductId} />
    </Card>
  );
}
