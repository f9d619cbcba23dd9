// The place where the CA is handed out by which devices check the server.
import { useTranslation } from 'react-i18next';
import { Button, download } from '../../kit';
import { CA_FILE } from './certificate';

export function ServerCa({ pem }: { pem: string | undefined }) {
  const { t } = useTranslation();
  if (!pem) return t('device.caFileNone');
  return (
    <span className="device-ca">
      <Button
        theme="default"
        variant="outline"
        size="small"
        aria-label={t('do.downloadWhat', { what: t('device.caFile') })}
        onClick={() => download(CA_FILE, pem, 'application/x-pem-file')}
      >
        {t('do.download')} {CA_FILE}
      </Button>
      <span className="k-quiet">{t('device.caFileText')}</span>
    </span>
  );
}
