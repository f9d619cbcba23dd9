// The place where a product is developed (P-04, P-06): its header, and the steps as tabs.
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Outlet, useNavigate, useParams } from 'react-router';
import { useCall } from '../../api/hooks';
import { useTo } from '../../app/guards';
import {
  Button,
  CopyText,
  Facts,
  Failed,
  formatCount,
  formatTime,
  Layer,
  PageHeader,
  Skeleton,
  StepLinks,
  Why,
} from '../../kit';
import { AuthorityDialog } from './AuthorityDialog';
import { isLocked, ProductContext, type Product } from './context';
import './product.css';
import { ProductEdit } from './ProductEdit';
import { removalProblem, useRemoveProduct } from './remove';
import { CERTIFICATE_AUTH, StateTag, useCategories, useProductWords } from './words';

export default function ProductDetail() {
  const { productId = '' } = useParams();
  const found = useCall('DescribeStudioProduct', { ProductId: productId });
  if (found.error && !found.data) return <Failed error={found.error} onRetry={() => void found.refetch()} />;
  if (!found.data?.Product) return <Skeleton rows={6} />;
  const product: Product = { ProductName: '', ...found.data.Product, ProductId: productId };
  return (
    <ProductContext value={product}>
      <ProductHeader product={product} />
      <ProductSteps product={product} />
      <Outlet />
    </ProductContext>
  );
}

function ProductSteps({ product }: { product: Product }) {
  const { t } = useTranslation();
  const to = useTo();
  const base = `/products/${product.ProductId}`;
  return (
    <StepLinks
      label={t('product.steps')}
      steps={[
        { to: to(`${base}/model`), text: t('product.stepModel') },
        { to: to(`${base}/develop`), text: t('product.stepDevelop') },
        { to: to(`${base}/debug`), text: t('product.stepDebug') },
        { to: to(`${base}/release`), text: t('product.stepRelease') },
      ]}
    />
  );
}

function ProductHeader({ product }: { product: Product }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const to = useTo();
  const words = useProductWords();
  const categories = useCategories();
  const [more, setMore] = useState(false);
  const remove = useRemoveProduct(() => void navigate(to('/products')));
  const problem = removalProblem(t, product);
  const removeButton = (
    <Button theme="danger" variant="outline" disabled={problem !== undefined} onClick={() => remove(product)}>
      {t('do.delete')}
    </Button>
  );
  return (
    <PageHeader
      title={product.ProductName}
      trail={[{ text: t('nav.products'), to: to('/products') }]}
      tags={<StateTag state={product.DevStatus} />}
      actions={
        <>
          <Button theme="default" variant="outline" onClick={() => setMore(true)}>
            {t('product.more')}
          </Button>
          <Why text={problem}>{removeButton}</Why>
        </>
      }
    >
      <div className="product-facts">
        <span>
          <em>{t('product.id')}</em>
          <CopyText text={product.ProductId} what={t('product.id')} />
        </span>
        <span>
          <em>{t('product.category')}</em>
          {categories.text(categories.byId(product.CategoryId))}
        </span>
        <span>
          <em>{t('product.deviceType')}</em>
          {words.deviceType(product)}
        </span>
        <span>
          <em>{t('product.net')}</em>
          {words.net(product)}
        </span>
        <span>
          <em>{t('product.protocol')}</em>
          {words.protocol(product)}
        </span>
      </div>
      {more && <MoreDrawer product={product} onClose={() => setMore(false)} />}
    </PageHeader>
  );
}

function MoreDrawer({ product, onClose }: { product: Product; onClose: () => void }) {
  const { t } = useTranslation();
  const words = useProductWords();
  const categories = useCategories();
  const project = useCall('DescribeProject', { ProjectId: product.ProjectId ?? '' });
  const [editing, setEditing] = useState(false);
  const [choosing, setChoosing] = useState(false);
  const footer = (
    <Button disabled={isLocked(product)} onClick={() => setEditing(true)}>
      {t('product.modify')}
    </Button>
  );
  return (
    <>
      <Layer side width={480} title={t('product.more')} onClose={onClose} footer={footer}>
        <Facts
          columns={1}
          items={[
            [t('product.name'), product.ProductName],
            [t('product.id'), <CopyText key="id" text={product.ProductId} what={t('product.id')} />],
            [t('project.one'), project.data?.Project?.ProjectName ?? product.ProjectId],
            [t('product.category'), categories.path(product.CategoryId)],
            [t('product.deviceType'), words.deviceType(product)],
            [t('product.net'), words.net(product)],
            [t('product.auth'), words.auth(product)],
            product.EncryptionType === CERTIFICATE_AUTH && [
              t('product.authority'),
              <span key="ca" className="k-row">
                {product.PrivateCAName || t('product.authorityPlatform')}
                <button type="button" className="k-link" onClick={() => setChoosing(true)}>
                  {t('product.authorityChange')}
                </button>
              </span>,
            ],
            [t('product.protocol'), words.protocol(product)],
            [t('product.status'), <StateTag key="state" state={product.DevStatus} />],
            [t('product.devices'), formatCount(product.DeviceCount)],
            [t('product.creator'), product.CreatorNickName],
            [t('product.created'), formatTime(product.CreateTime)],
            [t('product.updated'), formatTime(product.UpdateTime)],
            [t('product.desc'), product.ProductDesc || '—'],
          ]}
        />
      </Layer>
      {choosing && <AuthorityDialog product={product} onClose={() => setChoosing(false)} />}
      {editing && <ProductEdit product={product} onClose={() => setEditing(false)} />}
    </>
  );
}
