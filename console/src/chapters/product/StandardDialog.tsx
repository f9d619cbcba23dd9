// The place where standard features are picked (M-02): recommended, of other categories, general.
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { errorText } from '../../api/errors';
import { useCall } from '../../api/hooks';
import { Button, Checkbox, Empty, Label, Layer, Notice, Search, Skeleton } from '../../kit';
import { featuresOf, parseModel, type Feature } from '../../thing-model/types';
import { useCategories } from './words';

interface StandardDialogProps {
  category: number | undefined;
  /** Identifiers that the product has already. */
  taken: ReadonlySet<string>;
  onSave: (features: Feature[]) => Promise<unknown>;
  onClose: () => void;
}

/** The general features are those of the tracker's model that say where a device is. */
const TRACKER = 60;
const POSITIONING = ['GPS_Info', 'GPS_ExtInfo', 'Cell_Info', 'Wifi_Info'];
const GENERAL = -1;

export function StandardDialog({ category, taken, onSave, onClose }: StandardDialogProps) {
  const { t } = useTranslation();
  const { all, text, byId } = useCategories();
  const [group, setGroup] = useState(category ?? GENERAL);
  const [picked, setPicked] = useState<ReadonlyMap<string, Feature>>(new Map());
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();

  const industry = byId(byId(byId(category)?.ParentId)?.ParentId)?.CategoryId;
  const siblings = all.filter(
    (one) => one.HasModel && one.CategoryId !== category && byId(one.ParentId)?.ParentId === industry,
  );
  const toggle = (feature: Feature, on: boolean) => {
    const next = new Map(picked);
    if (on) next.set(feature.value.id, feature);
    else next.delete(feature.value.id);
    setPicked(next);
  };
  const save = async () => {
    setBusy(true);
    setFailure(undefined);
    try {
      await onSave([...picked.values()]);
      onClose();
    } catch (error) {
      setFailure(errorText(t, error));
      setBusy(false);
    }
  };
  const footer = (
    <>
      <span className="k-quiet">{t('model.picked', { n: picked.size })}</span>
      <span className="k-spacer" />
      <Button theme="default" variant="outline" onClick={onClose}>
        {t('do.cancel')}
      </Button>
      <Button disabled={picked.size === 0} loading={busy} onClick={() => void save()}>
        {t('do.ok')}
      </Button>
    </>
  );
  const level = (id: number, name: string) => (
    <button
      key={id}
      type="button"
      className="category-level"
      aria-pressed={group === id}
      onClick={() => setGroup(id)}
    >
      {name}
    </button>
  );
  return (
    <Layer title={t('model.addStandard')} width={820} onClose={onClose} footer={footer}>
      {failure && <Notice kind="error">{failure}</Notice>}
      <div className="standard">
        <div className="standard-groups">
          {category !== undefined && level(category, t('model.recommended', { name: text(byId(category)) }))}
          {level(GENERAL, t('model.general'))}
          {siblings.length > 0 && <h3>{t('model.others')}</h3>}
          {siblings.map((one) => level(one.CategoryId ?? 0, text(one)))}
        </div>
        <FeatureList key={group} group={group} taken={taken} picked={picked} onToggle={toggle} />
      </div>
    </Layer>
  );
}

interface FeatureListProps {
  group: number;
  taken: ReadonlySet<string>;
  picked: ReadonlyMap<string, Feature>;
  onToggle: (feature: Feature, on: boolean) => void;
}

function FeatureList({ group, taken, picked, onToggle }: FeatureListProps) {
  const { t } = useTranslation();
  const [search, setSearch] = useState('');
  const found = useCall('DescribeCategoryModel', { CategoryId: group === GENERAL ? TRACKER : group });
  const features = useMemo(() => {
    const list = featuresOf(parseModel(found.data?.Model));
    return group === GENERAL ? list.filter((one) => POSITIONING.includes(one.value.id)) : list;
  }, [found.data, group]);
  const shown = features.filter(({ value }) =>
    `${value.name} ${value.id}`.toLowerCase().includes(search.toLowerCase()),
  );
  if (found.isPending) return <Skeleton rows={6} />;
  if (features.length === 0) return <Empty title={t('model.noStandard')} />;
  return (
    <div className="standard-list">
      <Search label={t('model.searchFeature')} value={search} onChange={setSearch} />
      <ul>
        {shown.map((feature) => {
          const { id, name } = feature.value;
          const used = taken.has(id);
          return (
            <li key={id}>
              <Checkbox
                checked={used || picked.has(id)}
                disabled={used}
                onChange={(on) => onToggle(feature, on)}
              >
                {name}
                <span className="k-mono">{id}</span>
              </Checkbox>
              {used && <Label>{t('model.taken')}</Label>}
              <Label tone="info">{t(`model.${feature.kind}`)}</Label>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
