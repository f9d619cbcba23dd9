// The place where lists are tables: columns declared once, skeleton while loading, empty text, selection, pages.
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Checkbox } from './choices';
import { Empty, Failed } from './page';
import { Pager } from './Pager';
import type { Paging } from './usePage';
import { NONE } from './time';

export interface Column<T> {
  key: string;
  title: string;
  render: (row: T) => ReactNode;
  /** CSS width. */
  width?: number | string;
  /** One line, the rest behind dots and in a tooltip (of the text that `render` gives, if it gives text). */
  ellipsis?: boolean;
  align?: 'right';
  /** Left out while this is true. */
  hidden?: boolean;
}

interface DataTableProps<T> {
  /** The table's accessible name. */
  label: string;
  columns: Column<T>[];
  rows: readonly T[] | undefined;
  rowKey: (row: T) => string;
  loading?: boolean;
  /** The next page is on its way; the former one is shown. */
  stale?: boolean;
  error?: unknown;
  onRetry?: () => void;
  empty?: ReactNode;
  /** With pages of the server. */
  paging?: Paging;
  total?: number;
  /** With check boxes. */
  selected?: ReadonlySet<string>;
  onSelect?: (selected: Set<string>) => void;
  /** Marks a row: `is-fresh` flashes. */
  rowClass?: (row: T) => string | undefined;
  /** Below the row, as wide as the table. */
  detail?: (row: T) => ReactNode;
}

export function DataTable<T>(props: DataTableProps<T>) {
  const { label, rows, rowKey, loading, stale, error, onRetry, empty, paging, total = 0 } = props;
  const { t } = useTranslation();
  const columns = props.columns.filter((column) => !column.hidden);
  const width = columns.length + (props.onSelect ? 1 : 0);

  if (error && !rows) return <Failed error={error} onRetry={() => onRetry?.()} />;
  return (
    <div className="k-table-box">
      <div className={`k-table-scroll ${stale ? 'is-stale' : ''}`}>
        <table
          className="k-table"
          style={{ minWidth: leastWidth(columns) }}
          aria-label={label}
          aria-busy={loading || stale}
        >
          <colgroup>
            {props.onSelect && <col style={{ width: 44 }} />}
            {columns.map((column) => (
              <col key={column.key} style={{ width: column.width }} />
            ))}
          </colgroup>
          <thead>
            <tr>
              {props.onSelect && <SelectAll {...props} />}
              {columns.map((column) => (
                <th key={column.key} scope="col" className={column.align && 'is-right'}>
                  {column.title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {loading && !rows && <LoadingRows width={width} />}
            {rows?.map((row) => (
              <Row key={rowKey(row)} {...props} columns={columns} row={row} width={width} />
            ))}
          </tbody>
        </table>
        {rows?.length === 0 && (empty ?? <Empty title={t('list.empty')} />)}
      </div>
      {paging && total > 0 && <Pager paging={paging} total={total} />}
    </div>
  );
}

/** Columns without a width of their own must not vanish in a narrow window. */
const FLEXIBLE = 150;

function leastWidth<T>(columns: Column<T>[]): number {
  return columns.reduce((sum, { width }) => sum + (typeof width === 'number' ? width : FLEXIBLE), 0);
}

function LoadingRows({ width }: { width: number }) {
  return Array.from({ length: 5 }, (_, n) => (
    <tr key={n} aria-hidden="true">
      {Array.from({ length: width }, (_, m) => (
        <td key={m}>
          <i className="k-bar" style={{ width: `${80 - ((n * 13 + m * 29) % 45)}%` }} />
        </td>
      ))}
    </tr>
  ));
}

function SelectAll<T>({ rows = [], rowKey, selected, onSelect }: DataTableProps<T>) {
  const { t } = useTranslation();
  const keys = rows.map(rowKey);
  const count = keys.filter((key) => selected?.has(key)).length;
  return (
    <th scope="col">
      <Checkbox
        label={t('list.selectAll')}
        checked={count > 0 && count === keys.length}
        indeterminate={count > 0 && count < keys.length}
        onChange={(on) => onSelect?.(new Set(on ? keys : []))}
      />
    </th>
  );
}

function Row<T>(props: DataTableProps<T> & { row: T; width: number }) {
  const { columns, row, rowKey, selected, onSelect, rowClass, detail, width } = props;
  const { t } = useTranslation();
  const key = rowKey(row);
  const more = detail?.(row);
  const select = (on: boolean) => {
    const next = new Set(selected);
    if (on) next.add(key);
    else next.delete(key);
    onSelect?.(next);
  };
  return (
    <>
      <tr className={`${rowClass?.(row) ?? ''} ${selected?.has(key) ? 'is-selected' : ''}`}>
        {onSelect && (
          <td>
            <Checkbox
              label={t('list.select', { name: key })}
              checked={selected?.has(key) ?? false}
              onChange={select}
            />
          </td>
        )}
        {columns.map((column) => (
          <Cell key={column.key} column={column} row={row} />
        ))}
      </tr>
      {more && (
        <tr className="k-table-detail">
          <td colSpan={width}>{more}</td>
        </tr>
      )}
    </>
  );
}

function Cell<T>({ column, row }: { column: Column<T>; row: T }) {
  const content = column.render(row);
  const text = typeof content === 'string' || typeof content === 'number' ? String(content) : undefined;
  const blank = content === undefined || content === null || content === '';
  return (
    <td
      className={`${column.ellipsis ? 'is-cut' : ''} ${column.align ? 'is-right' : ''}`}
      title={column.ellipsis ? text : undefined}
    >
      {blank ? <span className="k-quiet">{NONE}</span> : content}
    </td>
  );
}
