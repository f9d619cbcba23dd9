// The place where device developers find topics, addresses and SDKs (V-01, V-04).
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { DescribeDeviceConnectionResponse } from '../../api/gen';
import { useCall } from '../../api/hooks';
import { useInstance, useTo } from '../../app/guards';
import { Card, CopyButton, CopyText, DataTable, Label, Notice, Tabs, type Column } from '../../kit';
import { useProduct } from './context';
import { customTopics, modelTopics, systemTopics, type TopicAccess, type TopicRow } from './topics';
import { CERTIFICATE_AUTH, deviceTypeOf, RAW } from './words';

export default function DevelopStep() {
  return (
    <>
      <Connect />
      <Topics />
    </>
  );
}

/** The domain that the official device SDKs put behind the product's id. */
const DOMAIN = 'iotcloud.tencentdevices.com';
const IP = /^\d{1,3}(\.\d{1,3}){3}$/;

/** The server's address, as far as the browser knows it. */
function addressSeen(unknown: string): string {
  const host = location.hostname;
  if (host === 'localhost') return '127.0.0.1';
  return IP.test(host) ? host : unknown;
}

function Connect() {
  const { t } = useTranslation();
  const to = useTo();
  const { ProductId, EncryptionType } = useProduct();
  const certificate = EncryptionType === CERTIFICATE_AUTH;
  const devices = useCall('GetDeviceList', { ProductId, Offset: 0, Limit: 1 });
  const first = devices.data?.Devices?.[0]?.DeviceName;
  const known = useCall(
    'DescribeDeviceConnection',
    { ProductId, DeviceName: first ?? '' },
    { enabled: first !== undefined },
  );
  const line = known.data?.HostsLine ?? `${addressSeen('<IP>')} ${ProductId}.${DOMAIN}`;
  return (
    <Card title={t('product.connect')}>
      <p>{t('product.connectText')}</p>
      <div className="hosts" aria-label={t('product.hostsLine')} role="group">
        <span>{line}</span>
        <CopyButton text={line} what={t('product.hostsLine')} />
      </div>
      {known.data && <Addresses connection={known.data} plain={!certificate} />}
      <p>{t('product.sdkText')}</p>
      <ul className="sdk-list">
        <li>{t('product.sdkPython')}</li>
        <li>{t('product.sdkC')}</li>
        <li>{t('product.sdkJava')}</li>
      </ul>
      <p className="k-quiet">
        {t(certificate ? 'product.sdkCertificate' : 'product.sdkParams')}{' '}
        <Link to={to(`/products/${ProductId}/debug`)}>{t('product.stepDebug')}</Link>
      </p>
    </Card>
  );
}

/** Where any MQTT client connects to. */
function Addresses({ connection, plain }: { connection: DescribeDeviceConnectionResponse; plain: boolean }) {
  const { t } = useTranslation();
  const { Host, MqttPort, MqttsPort, WsUrl } = connection;
  const addresses = [
    plain ? `mqtt://${Host}:${MqttPort}` : '',
    `mqtts://${Host}:${MqttsPort}`,
    WsUrl ?? '',
  ].filter(Boolean);
  return (
    <ul className="sdk-list" aria-label={t('product.mqttAddress')}>
      {addresses.map((address) => (
        <li key={address}>
          <CopyText text={address} what={t('product.mqttAddress')} />
        </li>
      ))}
    </ul>
  );
}

type Kind = 'model' | 'system' | 'custom';

function Topics() {
  const { t } = useTranslation();
  const product = useProduct();
  const { enterprise } = useInstance();
  const [kind, setKind] = useState<Kind>(product.DataProtocol === RAW ? 'custom' : 'model');
  const rows: Record<Kind, TopicRow[]> = {
    model: modelTopics(product.ProductId),
    system: systemTopics(product.ProductId, deviceTypeOf(product) === 'gateway'),
    custom: enterprise ? customTopics(product.ProductId) : [],
  };
  return (
    <Card title={t('product.topics')}>
      <Tabs
        label={t('product.topics')}
        value={kind}
        onChange={setKind}
        tabs={[
          { value: 'model', text: t('product.topicsModel') },
          { value: 'system', text: t('product.topicsSystem') },
          { value: 'custom', text: t('product.topicsCustom') },
        ]}
      />
      {kind === 'custom' && (
        <div className="product-hint">
          <Notice>{t(enterprise ? 'product.customText' : 'product.customPublic')}</Notice>
        </div>
      )}
      {rows[kind].length > 0 && <TopicTable label={t('product.topics')} rows={rows[kind]} />}
    </Card>
  );
}

const TONES = { publish: 'info', subscribe: 'good', both: 'warn' } as const satisfies Record<
  TopicAccess,
  string
>;

function TopicTable({ label, rows }: { label: string; rows: TopicRow[] }) {
  const { t } = useTranslation();
  const columns: Column<TopicRow>[] = [
    {
      key: 'topic',
      title: t('product.topic'),
      width: '52%',
      render: (row) => (
        <span className="k-copy">
          <span className="k-mono k-copy-text" title={row.topic}>
            {row.topic.split(/(\$\{\w+\})/).map((part, n) =>
              part.startsWith('${') ? (
                <span key={n} className="topic-var">
                  {part}
                </span>
              ) : (
                part
              ),
            )}
          </span>
          <CopyButton text={row.topic} what={row.topic} />
        </span>
      ),
    },
    {
      key: 'access',
      title: t('product.access'),
      width: 170,
      render: (row) => <Label tone={TONES[row.access]}>{t(`product.${row.access}`)}</Label>,
    },
    { key: 'meaning', title: t('product.meaning'), render: (row) => t(`topicMeaning.${row.meaning}`) },
  ];
  return <DataTable label={label} columns={columns} rows={rows} rowKey={(row) => row.topic} />;
}
