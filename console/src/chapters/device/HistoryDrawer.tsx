// The place where the history of one property is seen (D-05): a line, a list, a file.
import { useQuery } from '@tanstack/react-query';
import { DownloadIcon, RefreshIcon } from 'tdesign-icons-react';
import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../../api/client';
import { errorText } from '../../api/errors';
import {
  Button,
  Chart,
  DataTable,
  download,
  Empty,
  Failed,
  formatTime,
  Layer,
  Notice,
  say,
  Skeleton,
  TimeRange,
  type Paging,
} from '../../kit';
import { formatValue, isNumeric, isStepped } from '../../thing-model/format';
import type { Property } from '../../thing-model/types';
import { useDevice, type Device } from './context';
import { csvOf, lineOf, pointsOf, type Point } from './history';
import { usePages } from './usePages';
import { useRange } from './useRange';

/** Points per question, and how many come without being asked for. */
const PAGE = 1000;
const AT_ONCE = 2000;
/** Reports without the property are passed over, so pages may be short: this many are tried. */
const TRIES = 10;
/** Rows of a file. */
const FILE = 100_000;

export function HistoryDrawer({ property, onClose }: { property: Property; onClose: () => void }) {
  const { t } = useTranslation();
  const device = useDevice();
  const ranging = useRange('24h');
  const { range, span, choose, renew } = ranging;
  const pages = usePages(
    'DescribeDeviceDataHistory',
    { ...device.key, FieldName: property.id, MinTime: range.from, MaxTime: range.to, Limit: PAGE },
    (answer) => pointsOf(answer.Results),
  );
  const count = pages.rows?.length ?? 0;
  const hungry = pages.more && !pages.loadingMore && count < AT_ONCE && pages.pages < TRIES;
  const { loadMore } = pages;
  useEffect(() => {
    if (hungry) loadMore();
  }, [hungry, loadMore]);
  return (
    <Layer
      side
      width={860}
      title={t('device.historyTitle', { name: property.name, id: property.id })}
      onClose={onClose}
      footer={<FileButton property={property} device={device} range={range} disabled={count === 0} />}
    >
      <div className="k-stack">
        <div className="k-row">
          <TimeRange label={t('device.range')} value={range} span={span} onChange={choose} />
          <Button
            theme="default"
            variant="outline"
            shape="square"
            aria-label={t('do.refresh')}
            icon={<RefreshIcon />}
            onClick={() => {
              if (!renew()) pages.retry();
            }}
          />
        </div>
        {pages.failed && !pages.rows && <Failed error={pages.failed} onRetry={pages.retry} />}
        {pages.loading && <Skeleton rows={8} />}
        {pages.rows && (
          <Points
            key={`${range.from}-${range.to}`}
            property={property}
            points={pages.rows}
            more={pages.more}
            loading={pages.loadingMore}
            onMore={pages.loadMore}
          />
        )}
      </div>
    </Layer>
  );
}

interface PointsProps {
  property: Property;
  points: Point[];
  more: boolean;
  loading: boolean;
  onMore: () => void;
}

function Points({ property, points, more, loading, onMore }: PointsProps) {
  const { t } = useTranslation();
  const { define, name } = property;
  const lines = useMemo(() => [{ name, points: lineOf(define, points) }], [name, define, points]);
  const paging = useOwnPages();
  const newest = useMemo(() => points.toReversed(), [points]);
  const rows = newest.slice(paging.offset, paging.offset + paging.size).map((point, n) => ({ ...point, n }));
  const unit = define.type === 'int' || define.type === 'float' ? define.unit : undefined;
  if (points.length === 0 && !more)
    return <Empty title={t('device.noHistory')} text={t('device.emptyRange')} />;
  return (
    <>
      {isNumeric(define) && points.length > 0 && (
        <Chart label={t('device.historyOf', { name })} lines={lines} unit={unit} step={isStepped(define)} />
      )}
      {more && (
        <Notice
          action={
            <Button size="small" theme="default" variant="outline" loading={loading} onClick={onMore}>
              {t('device.loadMore')}
            </Button>
          }
        >
          {t('device.historyMore', { n: points.length, time: formatTime(points.at(-1)?.at) })}
        </Notice>
      )}
      <DataTable
        label={t('device.historyOf', { name })}
        rows={rows}
        rowKey={(one) => `${one.at}/${one.n}`}
        paging={paging}
        total={points.length}
        columns={[
          { key: 'time', title: t('device.time'), width: 210, render: (one) => formatTime(one.at, true) },
          {
            key: 'value',
            title: t('device.value'),
            render: (one) => <span className="device-value">{formatValue(define, one.value)}</span>,
          },
          {
            key: 'raw',
            title: t('device.raw'),
            ellipsis: true,
            hidden: define.type === 'struct' || define.type === 'array' || define.type === 'string',
            render: (one) => <code className="k-mono">{one.value}</code>,
          },
        ]}
      />
    </>
  );
}

/** Pages of what is here already; the address is not theirs. */
function useOwnPages(): Paging {
  const [page, go] = useState(1);
  const [size, setSize] = useState(10);
  return {
    page,
    size,
    offset: (page - 1) * size,
    limit: size,
    go,
    resize: (next) => {
      setSize(next);
      go(1);
    },
    get: () => '',
    put: () => undefined,
  };
}

interface FileProps {
  property: Property;
  device: Device;
  range: { from: number; to: number };
  disabled: boolean;
}

/** Everything of the range as a CSV file. */
function FileButton({ property, device, range, disabled }: FileProps) {
  const { t } = useTranslation();
  const file = useQuery({
    queryKey: ['history file', device.key, property.id, range],
    queryFn: ({ signal }) => everything(device, property.id, range, signal),
    enabled: false,
    gcTime: 0,
  });
  const run = async () => {
    const { data, error } = await file.refetch();
    if (error) say.error(errorText(t, error));
    if (!data) return;
    if (data.length >= FILE) say.warning(t('device.fileCut', { n: FILE }));
    const head = [t('device.time'), 'timestamp', property.id, property.name];
    download(
      `${device.name}-${property.id}.csv`,
      csvOf(head, property.define, data),
      'text/csv;charset=utf-8',
    );
  };
  return (
    <Button
      theme="default"
      variant="outline"
      icon={<DownloadIcon />}
      disabled={disabled}
      loading={file.isFetching}
      onClick={() => void run()}
    >
      {t('device.export')}
    </Button>
  );
}

async function everything(
  device: Device,
  field: string,
  range: { from: number; to: number },
  signal: AbortSignal,
): Promise<Point[]> {
  const points: Point[] = [];
  let context: string | undefined;
  do {
    const answer = await call(
      'DescribeDeviceDataHistory',
      {
        ...device.key,
        FieldName: field,
        MinTime: range.from,
        MaxTime: range.to,
        Limit: PAGE,
        Context: context,
      },
      signal,
    );
    points.push(...pointsOf(answer.Results));
    context = answer.Listover ? undefined : answer.Context;
  } while (context && points.length < FILE);
  return points;
}
