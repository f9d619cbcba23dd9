// The place where a device's certificate and its private key are handed out.
import { useTranslation } from 'react-i18next';
import { FileText } from '../../kit';
import { certificateFile, keyFile } from './certificate';

interface CertificateFilesProps {
  /** Of the device. */
  name: string;
  certificate: string;
  /** Left out or empty: the platform does not have it. */
  privateKey?: string;
}

export function CertificateFiles({ name, certificate, privateKey }: CertificateFilesProps) {
  const { t } = useTranslation();
  return (
    <>
      <FileText title={t('device.certificate')} file={certificateFile(name)} text={certificate} />
      {privateKey && <FileText title={t('device.privateKey')} file={keyFile(name)} text={privateKey} />}
    </>
  );
}
