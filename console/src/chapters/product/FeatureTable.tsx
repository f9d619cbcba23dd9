// The place where the features of a thing model are listed.
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, DataTable, Label, type Column, type Tone } from '../../kit';
import { describeDefine, describeParams } from '../../thing-model/format';
import type { EventType, Feature, FeatureKind } from '../../thing-model/types';

interface FeatureTableProps {
  label: string;
  features: Feature[];
  locked: boolean;
  onEdit: (feature: Feature) => void;
  onView: (feature: Feature) => void;
  onRemove: (features: Feature[]) => void;
  empty: ReactNode;
}

const TONES: Record<FeatureKind, Tone> = { property: 'info', event: 'warn', action: 'good' };
const EVENT_TONES: Record<EventType, Tone> = { info: 'plain', alert: 'warn', fault: 'bad' };

export function FeatureTable(props: FeatureTableProps) {
  const { label, features, locked, onEdit, onView, onRemove, empty } = props;
  const { t } = useTranslation();
  const [selected, setSelected] = useState<Set<string>>(new Set());
  const chosen = features.filter((one) => selected.has(one.value.id));
  const columns: Column<Feature>[] = [
    {
      key: 'kind',
      title: t('model.kind'),
      width: 104,
      render: (one) => <Label tone={TONES[one.kind]}>{t(`model.${one.kind}`)}</Label>,
    },
    { key: 'name', title: t('model.name'), width: '18%', ellipsis: true, render: (one) => one.value.name },
    {
      key: 'id',
      title: t('model.id'),
      width: '18%',
      ellipsis: true,
      render: (one) => (
        <span className="k-mono" title={one.value.id}>
          {one.value.id}
        </span>
      ),
    },
    {
      key: 'type',
      title: t('model.type'),
      width: 140,
      render: (one) => (one.kind === 'property' ? t(`model.types.${one.value.define.type}`) : undefined),
    },
    { key: 'mode', title: t('model.mode'), width: 124, render: (one) => <Mode feature={one} /> },
    { key: 'define', title: t('model.define'), ellipsis: true, render: definition },
    {
      key: 'actions',
      title: t('list.actions'),
      width: locked ? 80 : 150,
      render: (one) => (
        <div className="k-actions">
          <button type="button" className="k-link" onClick={() => onView(one)}>
            {t('do.view')}
          </button>
          {!locked && (
            <>
              <button type="button" className="k-link" onClick={() => onEdit(one)}>
                {t('do.edit')}
              </button>
              <button type="button" className="k-link is-danger" onClick={() => onRemove([one])}>
                {t('do.delete')}
              </button>
            </>
          )}
        </div>
      ),
    },
  ];
  return (
    <>
      {chosen.length > 0 && !locked && (
        <div className="k-toolbar">
          <span className="k-quiet">{t('list.selectedCount', { n: chosen.length })}</span>
          <Button theme="danger" variant="outline" size="small" onClick={() => onRemove(chosen)}>
            {t('do.delete')}
          </Button>
        </div>
      )}
      <DataTable
        label={label}
        columns={columns}
        rows={features}
        rowKey={(one) => one.value.id}
        empty={empty}
        selected={selected}
        onSelect={locked ? undefined : setSelected}
      />
    </>
  );
}

function Mode({ feature }: { feature: Feature }) {
  const { t } = useTranslation();
  if (feature.kind === 'property') return t(`model.${feature.value.mode}`);
  if (feature.kind === 'event')
    return <Label tone={EVENT_TONES[feature.value.type]}>{t(`model.${feature.value.type}`)}</Label>;
  return <span className="k-quiet">—</span>;
}

function definition(feature: Feature): string {
  switch (feature.kind) {
    case 'property':
      return describeDefine(feature.value.define);
    case 'event':
      return describeParams(feature.value.params);
    case 'action':
      return `(${describeParams(feature.value.input)}) → (${describeParams(feature.value.output)})`;
  }
}
