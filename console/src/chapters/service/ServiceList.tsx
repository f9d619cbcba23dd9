// The place where the backends of an instance are: who may connect over MQTT beside the devices.
import { AddIcon } from 'tdesign-icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type {
  CreateServiceClientResponse,
  DescribeServiceClientsResponse,
  ServiceClientEntry,
} from '../../api/gen';
import { useAction, useCall } from '../../api/hooks';
import { useInstance } from '../../app/guards';
import {
  Button,
  Card,
  confirm,
  CopyText,
  DataTable,
  Empty,
  Facts,
  formatTime,
  NONE,
  PageHeader,
  StatusTag,
  usePage,
  type Column,
} from '../../kit';
import './service.css';
import { ServiceDialog } from './ServiceDialog';
import { coversAll, stateOf } from './shown';
import { TokenDialog } from './TokenDialog';

const REFRESH = 15_000;

export default function ServiceList() {
  const { t } = useTranslation();
  const { id } = useInstance();
  const paging = usePage();
  const [dialog, setDialog] = useState<{ client?: ServiceClientEntry }>();
  const [made, setMade] = useState<CreateServiceClientResponse>();
  const list = useCall(
    'DescribeServiceClients',
    { InstanceId: id, Offset: paging.offset, Limit: paging.limit },
    { keep: true, every: REFRESH },
  );
  const columns = useColumns((client) => setDialog({ client }));
  return (
    <>
      <PageHeader title={t('service.title')}>
        <p className="k-quiet">{t('service.subtitle')}</p>
      </PageHeader>
      {list.data && <Connection given={list.data} />}
      <Card>
        <div className="k-toolbar">
          <Button icon={<AddIcon />} onClick={() => setDialog({})}>
            {t('service.new')}
          </Button>
        </div>
        <DataTable
          label={t('service.title')}
          columns={columns}
          rows={list.data?.Clients}
          rowKey={(one) => one.UserName ?? ''}
          loading={list.isPending}
          stale={list.isPlaceholderData}
          error={list.error}
          onRetry={() => void list.refetch()}
          paging={paging}
          total={list.data?.Total}
          empty={<Empty title={t('service.empty')} text={t('service.emptyText')} />}
        />
      </Card>
      {dialog && (
        <ServiceDialog client={dialog.client} onClose={() => setDialog(undefined)} onMade={setMade} />
      )}
      {made && <TokenDialog made={made} onClose={() => setMade(undefined)} />}
    </>
  );
}

function Connection({ given }: { given: DescribeServiceClientsResponse }) {
  const { t } = useTranslation();
  const row = (name: string, text: string | undefined) =>
    [name, <CopyText key={name} text={text} what={name} />] as const;
  const port = (n: number | undefined) => (n ? String(n) : undefined);
  return (
    <Card title={t('service.connection')}>
      <p className="k-quiet service-note">{t('service.connectionText')}</p>
      <Facts
        items={[
          row(t('service.host'), given.Host),
          row(t('service.wsUrl'), given.WsUrl),
          row(t('service.mqttPort'), port(given.MqttPort)),
          row(t('service.mqttsPort'), port(given.MqttsPort)),
        ]}
      />
    </Card>
  );
}

const TONES = { disabled: 'bad', online: 'good', offline: 'plain' } as const;

function useColumns(onEdit: (client: ServiceClientEntry) => void): Column<ServiceClientEntry>[] {
  const { t } = useTranslation();
  const actions = useActions();
  return [
    {
      key: 'name',
      title: t('service.userName'),
      width: 210,
      render: (one) => (
        <div>
          <CopyText text={one.UserName} what={t('service.userName')} />
          <div className="service-remark">{one.Remark}</div>
        </div>
      ),
    },
    {
      key: 'state',
      title: t('service.state'),
      width: 110,
      render: (one) => (
        <span title={t('service.connections', { n: one.Online ?? 0 })}>
          <StatusTag tone={TONES[stateOf(one)]}>{t(`service.${stateOf(one)}`)}</StatusTag>
        </span>
      ),
    },
    { key: 'rights', title: t('service.rights'), render: (one) => <Rights client={one} /> },
    {
      key: 'seen',
      title: t('service.lastConnect'),
      width: 180,
      render: (one) => (one.LastConnectTime ? formatTime(one.LastConnectTime) : NONE),
    },
    {
      key: 'created',
      title: t('service.created'),
      width: 180,
      render: (one) => formatTime(one.CreateTime),
    },
    {
      key: 'actions',
      title: t('list.actions'),
      width: 170,
      render: (one) => (
        <div className="k-actions">
          <button type="button" className="k-link" onClick={() => onEdit(one)}>
            {t('do.edit')}
          </button>
          <button type="button" className="k-link" onClick={() => actions.toggle(one)}>
            {t(one.Enabled ? 'service.disable' : 'service.enable')}
          </button>
          <button type="button" className="k-link is-danger" onClick={() => actions.revoke(one)}>
            {t('service.revoke')}
          </button>
        </div>
      ),
    },
  ];
}

function Rights({ client }: { client: ServiceClientEntry }) {
  const { t } = useTranslation();
  const words = (list: string[] | undefined) =>
    list?.length ? <span className="k-mono">{list.join('  ')}</span> : t('service.nothing');
  const products = coversAll(client) ? t('service.all') : words(client.Products);
  return (
    <dl className="service-rights">
      {[
        [t('service.product'), products] as const,
        [t('service.subscribes'), words(client.Subscribe)] as const,
        [t('service.publishes'), words(client.Publish)] as const,
      ].map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function useActions() {
  const { t } = useTranslation();
  const { id } = useInstance();
  const stale = ['DescribeServiceClients'] as 'DescribeServiceClients'[];
  const change = useAction('ModifyServiceClient', { stale, done: t('said.saved') });
  const remove = useAction('DeleteServiceClient', { quiet: true, stale, done: t('service.revoked') });
  const named = (client: ServiceClientEntry) => ({ InstanceId: id, UserName: client.UserName ?? '' });
  return {
    toggle: (client: ServiceClientEntry) => {
      if (!client.Enabled) return change.run({ ...named(client), Enabled: true });
      confirm({
        title: t('service.disableTitle'),
        body: t('service.disableBody', { name: client.Remark || client.UserName }),
        danger: true,
        yes: t('service.disable'),
        run: () => change.runAsync({ ...named(client), Enabled: false }),
      });
    },
    revoke: (client: ServiceClientEntry) =>
      confirm({
        title: t('service.revokeTitle'),
        body: t('service.revokeBody', { name: client.Remark || client.UserName }),
        danger: true,
        yes: t('service.revoke'),
        run: () => remove.runAsync(named(client)),
      }),
  };
}
