// The place where a question is shown: what will happen, the name to type, what went wrong.
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './Button';
import { errorText } from '../api/errors';
import type { Question } from './Confirm';
import { Field } from './Field';
import { Input } from './inputs';
import { Layer } from './Layer';
import { Notice } from './Notice';

export default function ConfirmDialog({ question, onClose }: { question: Question; onClose: () => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const ready = question.typed === undefined || text === question.typed;

  const run = async () => {
    if (!ready || busy) return;
    setBusy(true);
    setFailure(undefined);
    try {
      await question.run();
      onClose();
    } catch (error) {
      setFailure(errorText(t, error));
      setBusy(false);
    }
  };

  const footer = (
    <>
      <Button theme="default" variant="outline" onClick={onClose}>
        {t('do.cancel')}
      </Button>
      <Button
        theme={question.danger ? 'danger' : 'primary'}
        disabled={!ready}
        loading={busy}
        onClick={() => void run()}
      >
        {question.yes ?? t('do.ok')}
      </Button>
    </>
  );
  return (
    <Layer title={question.title} onClose={onClose} footer={footer} width={480}>
      <div className="k-form">
        {question.body && <div className="k-confirm-body">{question.body}</div>}
        {question.typed !== undefined && (
          <Field label={t('confirm.type', { name: question.typed })}>
            <Input value={text} onChange={setText} onEnter={() => void run()} placeholder={question.typed} />
          </Field>
        )}
        {failure && <Notice kind="error">{failure}</Notice>}
      </div>
    </Layer>
  );
}
