// The place where the products are listed whose devices a CA of the account vouches for.
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useCall } from '../../api/hooks';
import { useTo } from '../../app/guards';
import { Empty, Failed, Layer, Skeleton } from '../../kit';

/** As many as the server gives at once. */
const SHOWN = 200;

export function ProductsDialog({ name, onClose }: { name: string; onClose: () => void }) {
  const { t } = useTranslation();
  const to = useTo();
  const found = useCall('DescribePrivateCABindedProducts', { CertName: name, Offset: 0, Limit: SHOWN });
  const products = found.data?.Products;
  return (
    <Layer title={t('cert.productsOf', { name })} onClose={onClose}>
      {found.error && <Failed error={found.error} onRetry={() => void found.refetch()} />}
      {!found.error && !products && <Skeleton rows={3} />}
      {products?.length === 0 && <Empty title={t('cert.noProducts')} text={t('cert.noProductsText')} />}
      <ul>
        {products?.map(({ ProductId, ProductName }) => (
          <li key={ProductId}>
            <Link to={to(`/products/${ProductId}`)}>{ProductName}</Link>{' '}
            <span className="k-mono k-quiet">{ProductId}</span>
          </li>
        ))}
      </ul>
    </Layer>
  );
}
