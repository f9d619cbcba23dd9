// The place where a product's thing model is defined (M-01): standard and custom features, JSON, import.
import { AddIcon } from 'tdesign-icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, Card, confirm, Empty, Failed, JsonDialog, Notice, Skeleton, Tabs } from '../../kit';
import { featuresOf, withFeature, withoutFeatures, type Feature } from '../../thing-model/types';
import { isLocked, useProduct } from './context';
import { FeatureDialog } from './FeatureDialog';
import { FeatureTable } from './FeatureTable';
import { ImportDialog } from './ImportDialog';
import './model.css';
import { StandardDialog } from './StandardDialog';
import { useModel } from './useModel';
import { RAW } from './words';

type Leaf = 'standard' | 'custom';
type Open = { what: 'add' | 'pick' | 'import' | 'json' } | { what: 'edit' | 'view'; feature: Feature };

export default function ModelStep() {
  const { t } = useTranslation();
  const product = useProduct();
  const kept = useModel(product.ProductId);
  const [leaf, setLeaf] = useState<Leaf>('standard');
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  const locked = isLocked(product);

  if (kept.found.error && !kept.found.data) {
    return <Failed error={kept.found.error} onRetry={() => void kept.found.refetch()} />;
  }
  if (!kept.found.data) return <Skeleton rows={6} />;

  const { model, standardIds } = kept;
  const all = featuresOf(model);
  const standard = all.filter((one) => standardIds.has(one.value.id));
  const custom = all.filter((one) => !standardIds.has(one.value.id));
  const taken = (but?: string) => new Set(all.map((one) => one.value.id).filter((id) => id !== but));

  const remove = (features: Feature[]) => {
    const [first] = features;
    if (!first) return;
    const { id, name } = first.value;
    confirm({
      title: t('model.deleteFeature'),
      body:
        features.length > 1
          ? t('model.deleteMany', { n: features.length })
          : t('model.deleteBody', { id, name }),
      danger: true,
      yes: t('do.delete'),
      run: () => kept.save(withoutFeatures(model, new Set(features.map((one) => one.value.id)))),
    });
  };
  const addButton = (
    <Button icon={<AddIcon />} onClick={() => setOpen({ what: leaf === 'standard' ? 'pick' : 'add' })}>
      {t(leaf === 'standard' ? 'model.addStandard' : 'model.addCustom')}
    </Button>
  );
  return (
    <Card>
      {locked && (
        <Notice kind="warning">
          {t(product.DevStatus === 'audit' ? 'model.lockedAudit' : 'model.locked')}
        </Notice>
      )}
      {product.DataProtocol === RAW && <Notice>{t('model.raw')}</Notice>}
      <Tabs
        label={t('model.title')}
        value={leaf}
        onChange={setLeaf}
        tabs={[
          { value: 'standard', text: t('model.standard'), count: standard.length },
          { value: 'custom', text: t('model.custom'), count: custom.length },
        ]}
        extra={
          <>
            <Button theme="default" variant="outline" onClick={() => setOpen({ what: 'json' })}>
              {t('model.viewJson')}
            </Button>
            {!locked && (
              <Button theme="default" variant="outline" onClick={() => setOpen({ what: 'import' })}>
                {t('model.import')}
              </Button>
            )}
          </>
        }
      />
      {!locked && <div className="k-toolbar">{addButton}</div>}
      <FeatureTable
        label={t(leaf === 'standard' ? 'model.standard' : 'model.custom')}
        features={leaf === 'standard' ? standard : custom}
        locked={locked}
        onEdit={(feature) => setOpen({ what: 'edit', feature })}
        onView={(feature) => setOpen({ what: 'view', feature })}
        onRemove={remove}
        empty={
          <Empty
            title={t(leaf === 'standard' ? 'model.emptyStandard' : 'model.emptyCustom')}
            text={t(leaf === 'standard' ? 'model.emptyStandardText' : 'model.emptyCustomText')}
          />
        }
      />
      {open?.what === 'json' && (
        <JsonDialog
          title={t('model.viewJson')}
          json={kept.text}
          fileName={`${product.ProductId}.json`}
          onClose={close}
        />
      )}
      {open?.what === 'view' && (
        <JsonDialog
          title={open.feature.value.name}
          json={JSON.stringify(open.feature.value)}
          fileName={`${open.feature.value.id}.json`}
          onClose={close}
        />
      )}
      {open?.what === 'import' && <ImportDialog onSave={kept.saveText} onClose={close} />}
      {open?.what === 'pick' && (
        <StandardDialog
          category={product.CategoryId}
          taken={taken()}
          onClose={close}
          onSave={(features) => kept.save(features.reduce((now, one) => withFeature(now, one), model))}
        />
      )}
      {open?.what === 'add' && (
        <FeatureDialog
          taken={taken()}
          onClose={close}
          onSave={(feature) => kept.save(withFeature(model, feature))}
        />
      )}
      {open?.what === 'edit' && (
        <FeatureDialog
          feature={open.feature}
          taken={taken(open.feature.value.id)}
          onClose={close}
          onSave={(feature) => kept.save(withFeature(model, feature, open.feature.value.id))}
        />
      )}
    </Card>
  );
}
