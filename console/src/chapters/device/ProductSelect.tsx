// The place where one product of a project is chosen, or all of them.
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../../api/client';
import { useCall } from '../../api/hooks';
import { RemoteSelect } from '../../kit';
import { SHOWN } from '../../kit/RemoteSelect';

interface ProductSelectProps {
  projectId: string;
  /** '' is all. */
  value: string;
  onChange: (productId: string) => void;
  /** The accessible name, outside of a field. */
  label?: string;
  /** Offers "all products". */
  all?: boolean;
}

const ALL = 'all';

export function ProductSelect({ projectId, value, onChange, label, all }: ProductSelectProps) {
  const { t } = useTranslation();
  const current = useCall('DescribeStudioProduct', { ProductId: value }, { enabled: value !== '' });
  const find = useCallback(
    async (text: string, signal: AbortSignal) => {
      const params = { ProjectId: projectId, Offset: 0, Limit: SHOWN, ProductName: text || undefined };
      const { Products = [] } = await call('SearchStudioProduct', params, signal);
      const found = Products.map((one) => ({ value: one.ProductId ?? '', text: one.ProductName ?? '' }));
      return all && !text ? [{ value: ALL, text: t('device.allProducts') }, ...found] : found;
    },
    [projectId, all, t],
  );
  const named = current.data?.Product?.ProductName ?? value;
  return (
    <RemoteSelect
      label={label}
      className="device-product"
      value={value || (all ? ALL : undefined)}
      valueText={value ? named : t('device.allProducts')}
      placeholder={t('device.chooseProduct')}
      cacheKey={['SearchStudioProduct', 'select', projectId, all ?? false, t('device.allProducts')]}
      find={find}
      onChange={(chosen) => onChange(chosen === ALL ? '' : chosen)}
    />
  );
}
