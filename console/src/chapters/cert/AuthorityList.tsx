// The place where the account's own CAs are: they issue the certificates of devices instead of the platform.
import { AddIcon } from 'tdesign-icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CertInfo } from '../../api/gen';
import { useAction, useCall } from '../../api/hooks';
import {
  Button,
  Card,
  confirm,
  CopyText,
  DataTable,
  Empty,
  formatTime,
  PageHeader,
  type Column,
} from '../../kit';
import { AuthorityDialog } from './AuthorityDialog';
import { ProductsDialog } from './ProductsDialog';

export default function AuthorityList() {
  const { t } = useTranslation();
  const [making, setMaking] = useState(false);
  const [shown, setShown] = useState<string>();
  const [replaced, setReplaced] = useState<string>();
  const list = useCall('DescribePrivateCAs', {});
  const columns = useColumns(setShown, setReplaced);
  return (
    <>
      <PageHeader title={t('cert.title')}>
        <p className="k-quiet">{t('cert.subtitle')}</p>
      </PageHeader>
      <Card>
        <div className="k-toolbar">
          <Button icon={<AddIcon />} onClick={() => setMaking(true)}>
            {t('cert.new')}
          </Button>
        </div>
        <DataTable
          label={t('cert.title')}
          columns={columns}
          rows={list.data?.CAs}
          rowKey={(one) => one.CertName}
          loading={list.isPending}
          error={list.error}
          onRetry={() => void list.refetch()}
          empty={<Empty title={t('cert.empty')} text={t('cert.emptyText')} />}
        />
      </Card>
      {making && <AuthorityDialog onClose={() => setMaking(false)} />}
      {replaced !== undefined && <AuthorityDialog name={replaced} onClose={() => setReplaced(undefined)} />}
      {shown !== undefined && <ProductsDialog name={shown} onClose={() => setShown(undefined)} />}
    </>
  );
}

type Choose = (name: string) => void;

function useColumns(onShow: Choose, onReplace: Choose): Column<CertInfo>[] {
  const { t } = useTranslation();
  const remove = useAction('DeletePrivateCA', {
    quiet: true,
    stale: ['DescribePrivateCAs'],
    done: t('said.deleted'),
  });
  const ask = ({ CertName }: CertInfo) =>
    confirm({
      title: t('cert.delete'),
      body: t('cert.deleteBody', { name: CertName }),
      danger: true,
      yes: t('do.delete'),
      run: () => remove.runAsync({ CertName }),
    });
  return [
    { key: 'name', title: t('cert.name'), width: 200, ellipsis: true, render: (one) => one.CertName },
    { key: 'subject', title: t('cert.subject'), ellipsis: true, render: (one) => one.Subject },
    {
      key: 'serial',
      title: t('cert.serial'),
      width: 220,
      render: (one) => <CopyText text={one.CertSN} what={t('cert.serial')} />,
    },
    { key: 'expires', title: t('cert.expires'), width: 180, render: (one) => formatTime(one.ExpireTime) },
    {
      key: 'actions',
      title: t('list.actions'),
      width: 236,
      render: (one) => (
        <div className="k-actions">
          <button type="button" className="k-link" onClick={() => onShow(one.CertName)}>
            {t('cert.products')}
          </button>
          <button type="button" className="k-link" onClick={() => onReplace(one.CertName)}>
            {t('cert.replace')}
          </button>
          <button type="button" className="k-link is-danger" onClick={() => ask(one)}>
            {t('do.delete')}
          </button>
        </div>
      ),
    },
  ];
}
