// The place where the products of a project are listed (P-01).
import { AddIcon, RefreshIcon } from 'tdesign-icons-react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import type { ProductEntry } from '../../api/gen';
import { useCall } from '../../api/hooks';
import { useTo } from '../../app/guards';
import {
  Button,
  Card,
  CopyText,
  DataTable,
  Empty,
  formatCount,
  formatTime,
  PageHeader,
  Search,
  Select,
  usePage,
  Why,
  type Column,
} from '../../kit';
import { ProjectSelect, useProjectId } from '../project/ProjectSelect';
import './product.css';
import { removalProblem, useRemoveProduct } from './remove';
import { STATES, StateTag, useCategories, useProductWords } from './words';

export default function ProductList() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const to = useTo();
  const paging = usePage();
  const name = paging.get('name');
  const state = paging.get('state');
  const project = useProjectId(paging.get('project'));
  const list = useCall(
    'SearchStudioProduct',
    {
      ProjectId: project,
      Offset: paging.offset,
      Limit: paging.limit,
      ProductName: name || undefined,
      DevStatus: state || undefined,
    },
    { keep: true },
  );
  const columns = useColumns();
  const create = () => void navigate(to(`/products/new?project=${project}`));
  const none =
    name || state ? (
      <Empty title={t('list.nothing')} text={t('list.nothingText')} />
    ) : (
      <Empty
        title={t('product.empty')}
        text={t('product.emptyText')}
        action={<Button onClick={create}>{t('product.new')}</Button>}
      />
    );
  return (
    <>
      <PageHeader
        title={t('product.title')}
        actions={
          <div className="product-project">
            <span className="k-quiet">{t('project.one')}</span>
            <ProjectSelect
              label={t('project.one')}
              value={project}
              onChange={(chosen) => paging.put({ project: chosen })}
            />
            <Link to={to('/projects')}>{t('project.manage')}</Link>
          </div>
        }
      />
      <Card>
        <div className="k-toolbar">
          <Button icon={<AddIcon />} onClick={create}>
            {t('product.new')}
          </Button>
          <span className="k-spacer" />
          <Select
            label={t('product.status')}
            className="product-state"
            value={state || 'all'}
            options={[
              { value: 'all', text: t('product.all') },
              ...STATES.map((one) => ({ value: one as string, text: t(`product.${one}`) })),
            ]}
            onChange={(chosen) => paging.put({ state: chosen === 'all' ? '' : chosen })}
          />
          <Search label={t('product.search')} value={name} onChange={(text) => paging.put({ name: text })} />
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
          label={t('product.title')}
          columns={columns}
          rows={list.data?.Products}
          rowKey={(one) => one.ProductId ?? ''}
          loading={list.isPending}
          stale={list.isPlaceholderData}
          error={list.error}
          onRetry={() => void list.refetch()}
          paging={paging}
          total={list.data?.Total}
          empty={none}
        />
      </Card>
    </>
  );
}

function useColumns(): Column<ProductEntry>[] {
  const { t } = useTranslation();
  const to = useTo();
  const words = useProductWords();
  const categories = useCategories();
  const remove = useRemoveProduct();
  return [
    {
      key: 'name',
      title: t('product.name'),
      ellipsis: true,
      render: (one) => (
        <Link to={to(`/products/${one.ProductId}`)} title={one.ProductName}>
          {one.ProductName}
        </Link>
      ),
    },
    {
      key: 'id',
      title: t('product.id'),
      width: 150,
      render: (one) => <CopyText text={one.ProductId} what={t('product.id')} />,
    },
    {
      key: 'category',
      title: t('product.category'),
      width: 112,
      ellipsis: true,
      render: (one) => categories.text(categories.byId(one.CategoryId)) || String(one.CategoryId ?? ''),
    },
    { key: 'type', title: t('product.deviceType'), width: 106, render: words.deviceType },
    { key: 'protocol', title: t('product.protocol'), width: 118, ellipsis: true, render: words.protocol },
    { key: 'devices', title: t('product.devices'), width: 80, render: (one) => formatCount(one.DeviceCount) },
    {
      key: 'state',
      title: t('product.status'),
      width: 110,
      render: (one) => <StateTag state={one.DevStatus} />,
    },
    { key: 'created', title: t('product.created'), width: 168, render: (one) => formatTime(one.CreateTime) },
    {
      key: 'actions',
      title: t('list.actions'),
      width: 110,
      render: (one) => {
        const problem = removalProblem(t, one);
        const button = (
          <button
            type="button"
            className="k-link is-danger"
            disabled={problem !== undefined}
            onClick={() => remove(one)}
          >
            {t('do.delete')}
          </button>
        );
        return (
          <div className="k-actions">
            <Link to={to(`/products/${one.ProductId}`)}>{t('do.view')}</Link>
            <Why text={problem}>{button}</Why>
          </div>
        );
      },
    },
  ];
}
