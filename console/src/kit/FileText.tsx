// The place where a short text that becomes a file is shown, copied and downloaded.
import { useTranslation } from 'react-i18next';
import { Button } from './Button';
import { copy } from './CopyText';
import { download } from './JsonDialog';
import { say } from './say';

interface FileTextProps {
  title: string;
  text: string;
  /** The name of the file; left out: the text can be copied only. */
  file?: string;
}

export function FileText({ title, text, file }: FileTextProps) {
  const { t } = useTranslation();
  const onCopy = async () => {
    if (await copy(text)) say.success(t('said.copied'));
    else say.error(t('said.notCopied'));
  };
  return (
    <section className="k-file" aria-label={title}>
      <div className="k-file-head">
        <strong>{title}</strong>
        <span className="k-mono k-quiet" title={file}>
          {file}
        </span>
        <Button
          theme="default"
          variant="outline"
          size="small"
          aria-label={t('do.copyWhat', { what: title })}
          onClick={() => void onCopy()}
        >
          {t('do.copy')}
        </Button>
        {file && (
          <Button
            size="small"
            aria-label={t('do.downloadWhat', { what: title })}
            onClick={() => download(file, text, 'application/octet-stream')}
          >
            {t('do.download')}
          </Button>
        )}
      </div>
      <pre className="k-mono" tabIndex={0} aria-label={title}>
        {text}
      </pre>
    </section>
  );
}
