// The place where all logs of a device have the same frame: filters, range of time, rows, more of them.
import { RefreshIcon } from 'tdesign-icons-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, DataTable, Empty, TimeRange, type Column } from '../../kit';
import type { Pages } from './usePages';
import type { Ranging } from './useRange';

interface LogTableProps<Row> {
  label: string;
  columns: Column<Row>[];
  pages: Pages<Row>;
  ranging: Ranging;
  filters?: ReactNode;
  empty: string;
  /** What a row shows when it is opened. */
  detail?: (row: Row) => ReactNode;
}

export function LogTable<Row>({
  label,
  columns,
  pages,
  ranging,
  filters,
  empty,
  detail,
}: LogTableProps<Row>) {
  const { t } = useTranslation();
  const { range, span, choose, renew } = ranging;
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const rows = pages.rows?.map((row, n) => ({ row, key: String(n) }));
  const toggle = (key: string) => {
    const next = new Set(open);
    if (!next.delete(key)) next.add(key);
    setOpen(next);
  };
  const opener: Column<{ row: Row; key: string }> = {
    key: 'open',
    title: t('list.actions'),
    width: 84,
    render: ({ key }) => (
      <button type="button" className="k-link" aria-expanded={open.has(key)} onClick={() => toggle(key)}>
        {t(open.has(key) ? 'device.fold' : 'device.unfold')}
      </button>
    ),
  };
  return (
    <>
      <div className="k-toolbar">
        <TimeRange
          label={t('device.range')}
          value={range}
          span={span}
          onChange={(next, nextSpan) => {
            setOpen(new Set());
            choose(next, nextSpan);
          }}
        />
        <span className="k-spacer" />
        <Button
          theme="default"
          variant="outline"
          shape="square"
          aria-label={t('do.refresh')}
          icon={<RefreshIcon />}
          onClick={() => {
            setOpen(new Set());
            if (!renew()) pages.retry();
          }}
        />
      </div>
      {filters && <div className="k-toolbar">{filters}</div>}
      <DataTable
        label={label}
        columns={[
          ...columns.map((column) => ({
            ...column,
            render: ({ row }: { row: Row }) => column.render(row),
          })),
          ...(detail ? [opener] : []),
        ]}
        rows={rows}
        rowKey={(one) => one.key}
        loading={pages.loading}
        error={pages.failed}
        onRetry={pages.retry}
        detail={
          detail && (({ row, key }) => open.has(key) && <div className="device-detail">{detail(row)}</div>)
        }
        empty={<Empty title={empty} text={t('device.emptyRange')} />}
      />
      <More pages={pages} />
    </>
  );
}

/** How many rows there are so far, and the way to more. */
export function More({ pages }: { pages: Pages<unknown> }) {
  const { t } = useTranslation();
  if (!pages.rows || (pages.rows.length === 0 && !pages.more)) return null;
  return (
    <div className="device-more">
      <span className="k-quiet" role="status">
        {t('device.shown', { n: pages.rows.length })}
      </span>
      {pages.more && (
        <Button theme="default" variant="outline" loading={pages.loadingMore} onClick={pages.loadMore}>
          {t('device.loadMore')}
        </Button>
      )}
    </div>
  );
}
