// The place where a page tells how a device with a certificate connects.
import { useTranslation } from 'react-i18next';
import type { DescribeDeviceConnectionResponse } from '../../api/gen';
import { CopyText, Facts, Notice } from '../../kit';
import { keyFile, tryOut } from './certificate';
import { CertificateFiles } from './CertificateFiles';
import { useDevice } from './context';
import { ServerCa } from './ServerCa';

export function CertificateConnection({ given }: { given: DescribeDeviceConnectionResponse }) {
  const { t } = useTranslation();
  const { productId, name, info } = useDevice();
  const row = (title: string, text: string | undefined) =>
    [title, <CopyText key={title} text={text} what={title} />] as const;
  const line = tryOut(productId, name, given);
  return (
    <div className="k-stack">
      <Notice>{t('device.certificateText')}</Notice>
      <Facts
        items={[
          row('ClientId', given.ClientId),
          row(t('device.host'), given.Host),
          row(t('device.mqttsPort'), given.MqttsPort ? String(given.MqttsPort) : undefined),
          [t('device.caFile'), <ServerCa key="ca" pem={given.CaCert} />],
          [t('device.privateKey'), t('device.privateKeyText', { file: keyFile(name) })],
        ]}
      />
      <CertificateFiles name={name} certificate={info.DeviceCert ?? ''} />
      <div>
        <p className="k-quiet device-note">{t('device.tryOutText')}</p>
        <div className="device-line">
          <CopyText text={line} what={t('device.tryOut')} />
        </div>
      </div>
    </div>
  );
}
