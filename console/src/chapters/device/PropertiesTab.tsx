// The place where every property of the model shows its latest value, live (D-04).
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  Card,
  DataTable,
  Empty,
  Failed,
  formatTime,
  JsonDialog,
  Label,
  Search,
  StatusTag,
  type Column,
} from '../../kit';
import { formatValue } from '../../thing-model/format';
import type { Property } from '../../thing-model/types';
import { fromJson } from '../../thing-model/values';
import { useDevice } from './context';
import { HistoryDrawer } from './HistoryDrawer';
import type { Properties } from './properties';
import { useProperties } from './useProperties';

export default function PropertiesTab() {
  const { t } = useTranslation();
  const { model, name } = useDevice();
  const { known, connected, error } = useProperties();
  const [search, setSearch] = useState('');
  const [history, setHistory] = useState<Property>();
  const [json, setJson] = useState<Property>();
  const wanted = search.toLowerCase();
  const rows = model.properties.filter((one) => `${one.id}\n${one.name}`.toLowerCase().includes(wanted));
  const columns = useColumns(known ?? new Map(), setHistory, setJson);
  if (error)
    return (
      <Card>
        <Failed error={error} onRetry={() => undefined} />
      </Card>
    );
  return (
    <Card>
      <div className="k-toolbar">
        <Search label={t('device.searchProperty')} value={search} onChange={setSearch} />
        <span className="k-spacer" />
        <StatusTag tone={connected ? 'good' : 'warn'}>
          {t(connected ? 'device.live' : 'said.offline')}
        </StatusTag>
      </div>
      <DataTable
        label={t('device.tab.properties')}
        columns={columns}
        rows={known && rows}
        rowKey={(one) => one.id}
        loading={known === undefined}
        rowClass={(one) => {
          const changes = known?.get(one.id)?.changes ?? 0;
          // Two classes by turns: the flash begins anew with each change.
          return changes > 0 ? `is-fresh-${changes % 2}` : undefined;
        }}
        empty={
          model.properties.length === 0 ? (
            <Empty title={t('device.noProperties')} text={t('device.noPropertiesText')} />
          ) : (
            <Empty title={t('list.nothing')} text={t('list.nothingText')} />
          )
        }
      />
      {history && <HistoryDrawer property={history} onClose={() => setHistory(undefined)} />}
      {json && (
        <JsonDialog
          title={`${json.name} · ${json.id}`}
          json={known?.get(json.id)?.value ?? ''}
          fileName={`${name}-${json.id}.json`}
          onClose={() => setJson(undefined)}
        />
      )}
    </Card>
  );
}

function useColumns(
  known: Properties,
  onHistory: (property: Property) => void,
  onJson: (property: Property) => void,
): Column<Property>[] {
  const { t } = useTranslation();
  return [
    {
      key: 'id',
      title: t('model.id'),
      ellipsis: true,
      render: (one) => <code className="k-mono">{one.id}</code>,
    },
    { key: 'name', title: t('model.name'), ellipsis: true, render: (one) => one.name },
    {
      key: 'history',
      title: t('device.history'),
      width: 96,
      render: (one) => (
        <button
          type="button"
          className="k-link"
          aria-label={t('device.historyOf', { name: one.name })}
          onClick={() => onHistory(one)}
        >
          {t('do.view')}
        </button>
      ),
    },
    {
      key: 'type',
      title: t('model.type'),
      width: 116,
      render: (one) => <Label mono>{one.define.type}</Label>,
    },
    {
      key: 'value',
      title: t('device.latest'),
      width: '30%',
      render: (one) => <Latest property={one} known={known} onJson={onJson} />,
    },
    {
      key: 'changed',
      title: t('device.changed'),
      width: 172,
      render: (one) => {
        const it = known.get(one.id);
        return (
          <span title={it?.reported ? t('device.reportedAt', { time: formatTime(it.reported) }) : undefined}>
            {formatTime(it?.changed)}
          </span>
        );
      },
    },
  ];
}

interface LatestProps {
  property: Property;
  known: Properties;
  onJson: (property: Property) => void;
}

/** The value, and what the cloud still wants instead. */
function Latest({ property, known, onJson }: LatestProps) {
  const { t } = useTranslation();
  const { define } = property;
  const it = known.get(property.id);
  const text = formatValue(define, fromJson(it?.value));
  const whole = define.type === 'struct' || define.type === 'array';
  return (
    <div className="device-latest">
      <span className={whole && it?.value ? 'k-mono device-cut' : 'device-value'} title={text}>
        {text}
      </span>
      {whole && it?.value && (
        <button
          type="button"
          className="k-link"
          aria-label={t('device.jsonOf', { name: property.name })}
          onClick={() => onJson(property)}
        >
          {t('device.whole')}
        </button>
      )}
      {it?.desired && (
        <span title={t('device.desiredText')}>
          <Label tone="warn">
            {t('device.desired')} {formatValue(define, fromJson(it.desired))}
          </Label>
        </span>
      )}
    </div>
  );
}
