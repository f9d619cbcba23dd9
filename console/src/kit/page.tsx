// The place where a page gets its frame: header, cards, the text of emptiness, facts in columns.
import { ChevronRightIcon } from 'tdesign-icons-react';
import { useEffect, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { Button } from './Button';
import { errorText } from '../api/errors';

interface HeaderProps {
  title: string;
  /** Beside the title: states. */
  tags?: ReactNode;
  /** On the right: actions. */
  actions?: ReactNode;
  /** The way here. */
  trail?: { text: string; to: string }[];
  /** Below the title. */
  children?: ReactNode;
}

export function PageHeader({ title, tags, actions, trail = [], children }: HeaderProps) {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `${title} · thingd`;
  }, [title]);
  return (
    <header className="k-page-head">
      {trail.length > 0 && (
        <nav className="k-trail" aria-label={t('nav.trail')}>
          {trail.map((step) => (
            <span key={step.to}>
              <Link to={step.to}>{step.text}</Link>
              <ChevronRightIcon aria-hidden="true" />
            </span>
          ))}
          <span aria-current="page">{title}</span>
        </nav>
      )}
      <div className="k-page-title">
        <h1 title={title}>{title}</h1>
        {tags}
        <div className="k-page-actions">{actions}</div>
      </div>
      {children}
    </header>
  );
}

interface CardProps {
  title?: string;
  extra?: ReactNode;
  children: ReactNode;
  className?: string;
  /** No space between the border and what is inside. */
  flush?: boolean;
}

export function Card({ title, extra, children, className = '', flush }: CardProps) {
  return (
    <section className={`k-card ${flush ? 'is-flush' : ''} ${className}`} aria-label={title}>
      {(title || extra) && (
        <div className="k-card-head">
          {title && <h2>{title}</h2>}
          <div className="k-card-extra">{extra}</div>
        </div>
      )}
      {children}
    </section>
  );
}

interface EmptyProps {
  title: string;
  text?: string;
  action?: ReactNode;
}

export function Empty({ title, text, action }: EmptyProps) {
  return (
    <div className="k-empty" role="status">
      <svg viewBox="0 0 96 72" width="96" height="72" aria-hidden="true">
        <rect className="a" x="12" y="18" width="72" height="44" rx="6" />
        <path className="b" d="M12 40h20l5 9h22l5-9h20" />
        <path className="b" d="M36 8h24M30 13h36" />
      </svg>
      <strong>{title}</strong>
      {text && <p>{text}</p>}
      {action}
    </div>
  );
}

/** A query failed: what the server said, and another try. */
export function Failed({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { t } = useTranslation();
  return (
    <div className="k-empty" role="alert">
      <strong>{t('said.failed')}</strong>
      <p>{errorText(t, error)}</p>
      <Button theme="default" variant="outline" onClick={onRetry}>
        {t('do.retry')}
      </Button>
    </div>
  );
}

/** Grey bars while something loads. */
export function Skeleton({ rows = 4 }: { rows?: number }) {
  const { t } = useTranslation();
  return (
    <div className="k-skeleton" role="status" aria-label={t('said.loading')}>
      {Array.from({ length: rows }, (_, n) => (
        <i key={n} style={{ width: `${92 - ((n * 17) % 40)}%` }} />
      ))}
    </div>
  );
}

/** Names and values in columns. */
export function Facts({
  items,
  columns = 2,
}: {
  items: (readonly [string, ReactNode] | false)[];
  columns?: number;
}) {
  return (
    <dl className="k-facts" style={{ '--columns': columns } as React.CSSProperties}>
      {items.map(
        (item) =>
          item && (
            <div key={item[0]}>
              <dt>{item[0]}</dt>
              <dd>{item[1]}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
