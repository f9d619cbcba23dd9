// The place where devices are listed (DV-01, D-01): of a product, or of a project.
import { AddIcon, RefreshIcon } from 'tdesign-icons-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { DeviceInfo } from '../../api/gen';
import { useCall } from '../../api/hooks';
import { useTo } from '../../app/guards';
import { Button, DataTable, Empty, formatTime, Search, usePage, type Column } from '../../kit';
import './device.css';
import { DeviceNew } from './DeviceNew';
import { useOperations, type Target } from './operations';
import { useLiveStatus } from './useLiveStatus';
import { DeviceStatus, EnableState } from './words';

/** The cloud API's word for "all products of the project". */
const ALL = '-1';
/** Without a live topic the list is fetched again, milliseconds. */
const EVERY = 10_000;

interface DeviceTableProps {
  /** Left out: devices of all products of `projectId`. */
  productId?: string;
  projectId?: string;
  /** Selects that stand before the search. */
  filters?: ReactNode;
}

const target = (one: DeviceInfo): Target => ({
  ProductId: one.ProductId ?? '',
  DeviceName: one.DeviceName ?? '',
});

export function DeviceTable({ productId, projectId, filters }: DeviceTableProps) {
  const { t } = useTranslation();
  const paging = usePage();
  const name = paging.get('name');
  const [making, setMaking] = useState(false);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const list = useCall(
    'GetDeviceList',
    {
      ProductId: productId ?? ALL,
      ProjectId: productId ? undefined : projectId,
      Offset: paging.offset,
      Limit: paging.limit,
      DeviceName: name || undefined,
    },
    { keep: true, enabled: Boolean(productId ?? projectId), every: productId ? undefined : EVERY },
  );
  const live = useLiveStatus(productId, list.dataUpdatedAt);
  const rows = list.data?.Devices?.map((one) => ({
    ...one,
    Status: live.get(one.DeviceName ?? '') ?? one.Status,
  }));
  const rowKey = (one: DeviceInfo) =>
    (productId ? one.DeviceName : `${one.ProductId}/${one.DeviceName}`) ?? '';
  const chosen = (rows ?? []).filter((one) => selected.has(rowKey(one)));
  const columns = useColumns(productId === undefined);
  return (
    <>
      <div className="k-toolbar">
        <Button icon={<AddIcon />} onClick={() => setMaking(true)}>
          {t('device.new')}
        </Button>
        <Bulk chosen={chosen} onDone={() => setSelected(new Set())} />
        <span className="k-spacer" />
        {filters}
        <Search label={t('device.search')} value={name} onChange={(text) => paging.put({ name: text })} />
        <Button
          theme="default"
          variant="outline"
          shape="square"
          aria-label={t('do.refresh')}
          icon={<RefreshIcon />}
          onClick={() => void list.refetch()}
        />
      </div>
      <DataTable
        label={t('device.list')}
        columns={columns}
        rows={rows}
        rowKey={rowKey}
        loading={list.isPending}
        stale={list.isPlaceholderData}
        error={list.error}
        onRetry={() => void list.refetch()}
        paging={paging}
        total={list.data?.Total}
        selected={selected}
        onSelect={setSelected}
        empty={<None searched={name !== ''} onNew={() => setMaking(true)} />}
      />
      {making && <DeviceNew productId={productId} projectId={projectId} onClose={() => setMaking(false)} />}
    </>
  );
}

function None({ searched, onNew }: { searched: boolean; onNew: () => void }) {
  const { t } = useTranslation();
  if (searched) return <Empty title={t('list.nothing')} text={t('list.nothingText')} />;
  return (
    <Empty
      title={t('device.empty')}
      text={t('device.emptyText')}
      action={<Button onClick={onNew}>{t('device.new')}</Button>}
    />
  );
}

/** What can be done to all selected devices. */
function Bulk({ chosen, onDone }: { chosen: DeviceInfo[]; onDone: () => void }) {
  const { t } = useTranslation();
  const { enable, disable, remove } = useOperations(onDone);
  const targets = chosen.map(target);
  const none = targets.length === 0;
  return (
    <>
      <Button theme="default" variant="outline" disabled={none} onClick={() => enable(targets)}>
        {t('device.enable')}
      </Button>
      <Button theme="default" variant="outline" disabled={none} onClick={() => disable(targets)}>
        {t('device.disable')}
      </Button>
      <Button theme="danger" variant="outline" disabled={none} onClick={() => remove(targets)}>
        {t('do.delete')}
      </Button>
      {!none && (
        <span className="k-quiet" role="status">
          {t('list.selectedCount', { n: targets.length })}
        </span>
      )}
    </>
  );
}

function useColumns(withProduct: boolean): Column<DeviceInfo>[] {
  const { t } = useTranslation();
  const to = useTo();
  const page = (one: DeviceInfo, tab: string) => to(`/devices/${one.ProductId}/${one.DeviceName}/${tab}`);
  return [
    {
      key: 'name',
      title: t('device.name'),
      ellipsis: true,
      render: (one) => (
        <Link to={page(one, 'info')} className="k-mono" title={one.DeviceName}>
          {one.DeviceName}
        </Link>
      ),
    },
    {
      key: 'product',
      title: t('device.product'),
      ellipsis: true,
      hidden: !withProduct,
      render: (one) => (
        <Link to={to(`/products/${one.ProductId}`)} title={one.ProductName}>
          {one.ProductName}
        </Link>
      ),
    },
    {
      key: 'status',
      title: t('device.status'),
      width: 98,
      render: (one) => <DeviceStatus status={one.Status} />,
    },
    {
      key: 'enabled',
      title: t('device.enableState'),
      width: 90,
      render: (one) => <EnableState enabled={one.EnableState === 1} />,
    },
    {
      key: 'first',
      title: t('device.firstOnline'),
      width: 160,
      render: (one) => formatTime(one.FirstOnlineTime),
    },
    { key: 'login', title: t('device.lastOnline'), width: 160, render: (one) => formatTime(one.LoginTime) },
    {
      key: 'actions',
      title: t('list.actions'),
      width: withProduct ? 172 : 222,
      render: (one) => (
        <RowActions one={one} view={page(one, 'info')} debug={withProduct ? undefined : page(one, 'debug')} />
      ),
    },
  ];
}

function RowActions({ one, view, debug }: { one: DeviceInfo; view: string; debug?: string }) {
  const { t } = useTranslation();
  const { enable, disable, remove } = useOperations();
  const on = one.EnableState === 1;
  return (
    <div className="k-actions">
      <Link to={view}>{t('do.view')}</Link>
      {debug && <Link to={debug}>{t('device.debug')}</Link>}
      <button type="button" className="k-link" onClick={() => (on ? disable : enable)([target(one)])}>
        {t(on ? 'device.disable' : 'device.enable')}
      </button>
      <button type="button" className="k-link is-danger" onClick={() => remove([target(one)])}>
        {t('do.delete')}
      </button>
    </div>
  );
}
