// The place where a list is turned over.
import { ChevronLeftIcon, ChevronRightIcon } from 'tdesign-icons-react';
import { useTranslation } from 'react-i18next';
import { Select } from './inputs';
import { formatCount } from './time';
import { pageNumbers, SIZES, type Paging } from './usePage';

export function Pager({ paging, total }: { paging: Paging; total: number }) {
  const { t } = useTranslation();
  const last = Math.max(1, Math.ceil(total / paging.size));
  return (
    <nav className="k-pager" aria-label={t('list.pages')}>
      <span className="k-quiet">{t('list.total', { n: formatCount(total) })}</span>
      <Select
        label={t('list.size')}
        className="k-pager-size"
        value={paging.size}
        options={SIZES.map((value) => ({ value, text: t('list.perPage', { n: value }) }))}
        onChange={paging.resize}
      />
      <button
        type="button"
        aria-label={t('list.previous')}
        disabled={paging.page <= 1}
        onClick={() => paging.go(paging.page - 1)}
      >
        <ChevronLeftIcon />
      </button>
      {pageNumbers(paging.page, last).map((n, i) =>
        n === 0 ? (
          <span key={`gap${i}`} className="k-pager-gap">
            …
          </span>
        ) : (
          <button
            key={n}
            type="button"
            aria-current={n === paging.page ? 'page' : undefined}
            aria-label={t('list.page', { n })}
            onClick={() => paging.go(n)}
          >
            {n}
          </button>
        ),
      )}
      <button
        type="button"
        aria-label={t('list.next')}
        disabled={paging.page >= last}
        onClick={() => paging.go(paging.page + 1)}
      >
        <ChevronRightIcon />
      </button>
    </nav>
  );
}
