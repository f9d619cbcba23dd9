// The place where the projects of an instance are managed (C-07).
import { AddIcon } from 'tdesign-icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { ProjectEntryEx } from '../../api/gen';
import { useAction, useCall } from '../../api/hooks';
import { useInstance, useTo } from '../../app/guards';
import {
  Button,
  Card,
  confirm,
  CopyText,
  DataTable,
  Empty,
  formatCount,
  formatTime,
  Label,
  PageHeader,
  Search,
  usePage,
  type Column,
} from '../../kit';
import { ProjectDialog } from './ProjectDialog';

export default function ProjectList() {
  const { t } = useTranslation();
  const { id, entry } = useInstance();
  const to = useTo();
  const paging = usePage();
  const name = paging.get('name');
  const [dialog, setDialog] = useState<{ project?: ProjectEntryEx }>();
  const list = useCall(
    'GetProjectList',
    { InstanceId: id, Offset: paging.offset, Limit: paging.limit, ProjectName: name || undefined },
    { keep: true },
  );
  const remove = useAction('DeleteProject', {
    quiet: true,
    done: t('said.deleted'),
    stale: ['GetProjectList', 'DescribeInstances'],
  });
  const askRemove = (project: ProjectEntryEx) =>
    confirm({
      title: t('project.delete'),
      body: t('project.deleteBody', { name: project.ProjectName }),
      danger: true,
      yes: t('do.delete'),
      typed: project.ProjectName,
      run: () => remove.runAsync({ ProjectId: project.ProjectId ?? '' }),
    });
  const isDefault = (project: ProjectEntryEx) => project.ProjectId === entry.DefaultProjectId;

  const columns: Column<ProjectEntryEx>[] = [
    {
      key: 'name',
      title: t('project.name'),
      render: (one) => (
        <span className="k-row">
          <Link to={to(`/products?project=${one.ProjectId}`)}>{one.ProjectName}</Link>
          {isDefault(one) && <Label tone="info">{t('project.default')}</Label>}
        </span>
      ),
    },
    {
      key: 'id',
      title: t('project.id'),
      width: 190,
      render: (one) => <CopyText text={one.ProjectId} what={t('project.id')} />,
    },
    {
      key: 'products',
      title: t('project.products'),
      width: 100,
      render: (one) => formatCount(one.ProductCount),
    },
    {
      key: 'devices',
      title: t('project.devices'),
      width: 100,
      render: (one) => formatCount(one.DeviceCount),
    },
    { key: 'desc', title: t('project.desc'), ellipsis: true, render: (one) => one.ProjectDesc },
    { key: 'created', title: t('project.created'), width: 180, render: (one) => formatTime(one.CreateTime) },
    {
      key: 'actions',
      title: t('list.actions'),
      width: 140,
      render: (one) => (
        <div className="k-actions">
          <button type="button" className="k-link" onClick={() => setDialog({ project: one })}>
            {t('do.edit')}
          </button>
          {!isDefault(one) && (
            <button type="button" className="k-link is-danger" onClick={() => askRemove(one)}>
              {t('do.delete')}
            </button>
          )}
        </div>
      ),
    },
  ];
  return (
    <>
      <PageHeader title={t('project.title')} trail={[{ text: t('nav.products'), to: to('/products') }]} />
      <Card>
        <div className="k-toolbar">
          <Button icon={<AddIcon />} onClick={() => setDialog({})}>
            {t('project.new')}
          </Button>
          <span className="k-spacer" />
          <Search label={t('project.search')} value={name} onChange={(text) => paging.put({ name: text })} />
        </div>
        <DataTable
          label={t('project.title')}
          columns={columns}
          rows={list.data?.Projects}
          rowKey={(one) => one.ProjectId ?? ''}
          loading={list.isPending}
          stale={list.isPlaceholderData}
          error={list.error}
          onRetry={() => void list.refetch()}
          paging={paging}
          total={list.data?.Total}
          empty={
            name ? (
              <Empty title={t('list.nothing')} text={t('list.nothingText')} />
            ) : (
              <Empty title={t('project.empty')} text={t('project.emptyText')} />
            )
          }
        />
      </Card>
      {dialog && <ProjectDialog project={dialog.project} onClose={() => setDialog(undefined)} />}
    </>
  );
}
