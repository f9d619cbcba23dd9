// The place where a whole thing model is imported; it replaces the one that is there (M-07).
import { UploadIcon } from 'tdesign-icons-react';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, Code, Field, FormDialog, Notice, useForm } from '../../kit';
import { parseModel } from '../../thing-model/types';

interface ImportDialogProps {
  onSave: (text: string) => Promise<unknown>;
  onClose: () => void;
}

export function ImportDialog({ onSave, onClose }: ImportDialogProps) {
  const { t } = useTranslation();
  const file = useRef<HTMLInputElement>(null);
  const form = useForm({ text: '' }, ({ text }) => ({
    text: text.trim() ? problem(text, (why) => t('model.importBad', { text: why })) : t('model.importEmpty'),
  }));
  const { text } = form.values;
  const { properties, events, actions } = parseModel(text);
  const counts = { properties: properties.length, events: events.length, actions: actions.length };
  const fine = text.trim() !== '' && problem(text, String) === undefined;
  return (
    <FormDialog
      title={t('model.import')}
      width={760}
      form={form}
      danger
      submitText={t('do.import')}
      onClose={onClose}
      onSubmit={() => onSave(text)}
    >
      <Notice kind="warning">{t('model.importWarning')}</Notice>
      <div className="import-file">
        <span className="k-quiet">{t('model.importHelp')}</span>
        <Button theme="default" variant="outline" icon={<UploadIcon />} onClick={() => file.current?.click()}>
          {t('model.importFile')}
        </Button>
        <input
          ref={file}
          type="file"
          accept=".json,application/json"
          hidden
          aria-label={t('model.importFile')}
          onChange={(event) => {
            void event.target.files?.[0]?.text().then((given) => form.set('text', given));
            event.target.value = '';
          }}
        />
      </div>
      <Field
        label="JSON"
        group
        error={form.error('text')}
        help={fine ? t('model.importCount', counts) : undefined}
      >
        <Code
          label={t('model.import')}
          value={text}
          height="42vh"
          onChange={(given) => form.set('text', given)}
        />
      </Field>
    </FormDialog>
  );
}

function problem(text: string, say: (why: string) => string): string | undefined {
  try {
    const read: unknown = JSON.parse(text);
    return typeof read === 'object' && read !== null && !Array.isArray(read) ? undefined : say('{ }');
  } catch (error) {
    return say(error instanceof Error ? error.message : '');
  }
}
