// The place where a device's facts, its secret or certificate, and its connection parameters are (D-03).
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { call } from '../../api/client';
import type { DescribeDeviceConnectionResponse } from '../../api/gen';
import { useTo } from '../../app/guards';
import { Button, Card, CopyText, Facts, Failed, formatTime, Notice, Qr, Skeleton } from '../../kit';
import { CertificateConnection } from './CertificateConnection';
import { useDevice } from './context';
import { ServerCa } from './ServerCa';
import { DeviceStatus, EnableState } from './words';

export default function InfoTab() {
  const { t } = useTranslation();
  const { key, info } = useDevice();
  const certificate = Boolean(info.DeviceCert);
  // Each answer has another user name with its password: the pair on the page must not change while it is copied.
  const connection = useQuery({
    queryKey: ['DescribeDeviceConnection', 'page', key],
    queryFn: ({ signal }) => call('DescribeDeviceConnection', key, signal),
    staleTime: Infinity,
  });
  return (
    <>
      <Basics qr={connection.data?.QrCode} />
      <Card
        title={t('device.connection')}
        extra={
          !certificate && (
            <Button
              theme="default"
              variant="outline"
              loading={connection.isFetching}
              onClick={() => void connection.refetch()}
            >
              {t('device.renew')}
            </Button>
          )
        }
      >
        {connection.error && <Failed error={connection.error} onRetry={() => void connection.refetch()} />}
        {!connection.error && !connection.data && <Skeleton rows={5} />}
        {connection.data && (
          <div className="k-stack">
            {certificate ? (
              <CertificateConnection given={connection.data} />
            ) : (
              <Connection given={connection.data} />
            )}
            <HostsLine line={connection.data.HostsLine} />
          </div>
        )}
      </Card>
    </>
  );
}

function Basics({ qr }: { qr: string | undefined }) {
  const { t } = useTranslation();
  const to = useTo();
  const { info, productId, name, status, enabled } = useDevice();
  return (
    <Card title={t('device.basics')}>
      <div className="device-basics">
        <Facts
          items={[
            [t('device.name'), <CopyText key="n" text={name} what={t('device.name')} />],
            [t('device.status'), <DeviceStatus key="s" status={status} />],
            [
              t('device.product'),
              <Link key="p" to={to(`/products/${productId}`)}>
                {info.ProductName}
              </Link>,
            ],
            [t('device.enableState'), <EnableState key="e" enabled={enabled} />],
            [t('device.productId'), <CopyText key="i" text={productId} what={t('device.productId')} />],
            [t('device.created'), formatTime(info.CreateTime)],
            info.DeviceCert
              ? [t('product.auth'), t('product.authCertificate')]
              : [
                  t('device.secret'),
                  <CopyText key="k" text={info.DevicePsk} what={t('device.secret')} secret />,
                ],
            [t('device.firstOnline'), formatTime(info.FirstOnlineTime)],
            [t('device.version'), info.Version || '—'],
            [t('device.lastOnline'), formatTime(info.LoginTime)],
          ]}
        />
        <figure className="device-qr">
          {qr ? <Qr text={qr} label={t('device.qr')} size={128} /> : <div className="device-qr-wait" />}
          <figcaption>{t('device.qr')}</figcaption>
        </figure>
      </div>
    </Card>
  );
}

function Connection({ given }: { given: DescribeDeviceConnectionResponse }) {
  const { t } = useTranslation();
  const row = (name: string, text: string | undefined, secret = false) =>
    [name, <CopyText key={name} text={text} what={name} secret={secret} />] as const;
  const port = (n: number | undefined) => (n ? String(n) : undefined);
  return (
    <div className="k-stack">
      <Notice>{t('device.connectionText', { time: formatTime(given.ExpireTime) })}</Notice>
      <Facts
        columns={1}
        items={[
          row('ClientId', given.ClientId),
          row('UserName', given.UserName),
          row('Password', given.Password, true),
        ]}
      />
      <hr className="device-rule" />
      <Facts
        items={[
          row(t('device.host'), given.Host),
          row(t('device.wsUrl'), given.WsUrl),
          row(t('device.mqttPort'), port(given.MqttPort)),
          row(t('device.mqttsPort'), port(given.MqttsPort)),
          Boolean(given.MqttsPort) && [t('device.caFile'), <ServerCa key="ca" pem={given.CaCert} />],
        ]}
      />
    </div>
  );
}

/** What leads the official device SDKs here. */
function HostsLine({ line }: { line: string | undefined }) {
  const { t } = useTranslation();
  return (
    <div>
      <p className="k-quiet device-note">{t('device.hostsText')}</p>
      <div className="device-line">
        <CopyText text={line} what={t('device.hostsLine')} />
      </div>
    </div>
  );
}
