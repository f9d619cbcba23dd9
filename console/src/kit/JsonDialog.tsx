// The place where a JSON text is shown, copied and downloaded.
import { useTranslation } from 'react-i18next';
import { Button } from './Button';
import { Code, pretty } from './Code';
import { copy } from './CopyText';
import { Layer } from './Layer';
import { say } from './say';

interface JsonDialogProps {
  title: string;
  json: string;
  /** The name of the file that is downloaded. */
  fileName: string;
  onClose: () => void;
}

export function JsonDialog({ title, json, fileName, onClose }: JsonDialogProps) {
  const { t } = useTranslation();
  const text = pretty(json);
  const onCopy = async () => {
    if (await copy(text)) say.success(t('said.copied'));
    else say.error(t('said.notCopied'));
  };
  const footer = (
    <>
      <Button theme="default" variant="outline" onClick={() => download(fileName, text, 'application/json')}>
        {t('do.download')}
      </Button>
      <Button theme="primary" onClick={() => void onCopy()}>
        {t('do.copy')}
      </Button>
    </>
  );
  return (
    <Layer title={title} onClose={onClose} footer={footer} width={760}>
      <Code label={title} value={text} height="60vh" />
    </Layer>
  );
}

/** Gives the browser a file. */
export function download(name: string, text: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
