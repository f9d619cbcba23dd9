// The place where a product is released, or its release is withdrawn.
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAction, useCall } from '../../api/hooks';
import { Button, Card, Checkbox, confirm, CopyText, Facts, formatCount, Notice } from '../../kit';
import { parseModel } from '../../thing-model/types';
import { isLocked, useProduct } from './context';
import { StateTag, useCategories, useProductWords } from './words';

export default function ReleaseStep() {
  const { t } = useTranslation();
  const product = useProduct();
  const released = isLocked(product);
  const [agreed, setAgreed] = useState(false);
  const release = useAction('ReleaseStudioProduct', {
    quiet: true,
    done: t(released ? 'product.revokeDone' : 'product.releaseDone'),
    stale: ['DescribeStudioProduct', 'SearchStudioProduct'],
  });
  const ask = () =>
    confirm({
      title: t(released ? 'product.revoke' : 'product.release'),
      body: t(released ? 'product.revokeBody' : 'product.releaseBody', { name: product.ProductName }),
      danger: released,
      run: async () => {
        const DevStatus = released ? 'dev' : 'released';
        await release.runAsync({ ProductId: product.ProductId, DevStatus });
        setAgreed(false);
      },
    });
  return (
    <Card title={t('product.releaseTitle')} extra={<StateTag state={product.DevStatus} />}>
      <Notice kind={released ? 'success' : 'info'}>
        {t(released ? 'product.releasedText' : 'product.releaseText')}
      </Notice>
      <div className="release-facts">
        <Summary />
      </div>
      {released ? (
        <Button theme="danger" variant="outline" onClick={ask}>
          {t('product.revoke')}
        </Button>
      ) : (
        <>
          <div className="release-agree">
            <Checkbox checked={agreed} onChange={setAgreed}>
              {t('product.agree')}
            </Checkbox>
          </div>
          <Button disabled={!agreed} onClick={ask}>
            {t('product.release')}
          </Button>
        </>
      )}
    </Card>
  );
}

function Summary() {
  const { t } = useTranslation();
  const product = useProduct();
  const words = useProductWords();
  const categories = useCategories();
  const model = useCall('DescribeModelDefinition', { ProductId: product.ProductId });
  const { properties, events, actions } = parseModel(model.data?.Model?.ModelDefine);
  const counts = { properties: properties.length, events: events.length, actions: actions.length };
  return (
    <Facts
      items={[
        [t('product.name'), product.ProductName],
        [t('product.id'), <CopyText key="id" text={product.ProductId} what={t('product.id')} />],
        [t('product.category'), categories.path(product.CategoryId)],
        [t('product.deviceType'), words.deviceType(product)],
        [t('product.net'), words.net(product)],
        [t('product.protocol'), words.protocol(product)],
        [t('product.features'), t('model.counts', counts)],
        [t('product.devices'), formatCount(product.DeviceCount)],
      ]}
    />
  );
}
