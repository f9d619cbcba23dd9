// The place where what a message carries is shown: JSON with line breaks, bytes as what they are.
import { useTranslation } from 'react-i18next';
import { CopyButton, pretty } from '../../kit';

interface PayloadProps {
  text: string;
  /** `base64`: these were no text. */
  encoding?: string;
}

export function Payload({ text, encoding }: PayloadProps) {
  const { t } = useTranslation();
  return (
    <div className="device-payload">
      {encoding === 'base64' && <span className="k-quiet">{t('device.binary')}</span>}
      <pre>{encoding === 'base64' ? text : pretty(text)}</pre>
      <CopyButton text={text} what={t('device.payload')} />
    </div>
  );
}
