// The place where a new client's password is shown, once.
import { useTranslation } from 'react-i18next';
import type { CreateServiceClientResponse } from '../../api/gen';
import { Button, CopyText, Facts, Layer, Notice } from '../../kit';

interface TokenDialogProps {
  made: CreateServiceClientResponse;
  onClose: () => void;
}

export function TokenDialog({ made, onClose }: TokenDialogProps) {
  const { t } = useTranslation();
  const row = (name: string, text: string | undefined) =>
    [name, <CopyText key={name} text={text} what={name} />] as const;
  return (
    <Layer
      title={t('service.tokenTitle')}
      stay
      onClose={onClose}
      footer={<Button onClick={onClose}>{t('do.ok')}</Button>}
    >
      <div className="k-stack">
        <Notice kind="warning">{t('service.tokenText')}</Notice>
        <Facts
          columns={1}
          items={[row(t('service.userName'), made.UserName), row(t('service.password'), made.Token)]}
        />
      </div>
    </Layer>
  );
}
