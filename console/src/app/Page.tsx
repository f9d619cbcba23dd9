// The place where a lazy page is waited for.
import { Suspense, type ComponentType } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'react-router';
import { Empty, Skeleton } from '../kit';
import { Fence } from './guards';

export function Page({ of: Content }: { of: ComponentType }) {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  return (
    <Fence place={pathname} title={t('said.crashed')} retry={t('do.retry')}>
      <Suspense fallback={<Skeleton rows={6} />}>
        <Content />
      </Suspense>
    </Fence>
  );
}

export function NotFound() {
  const { t } = useTranslation();
  return <Empty title={t('nav.notFound')} text={t('nav.notFoundText')} />;
}
