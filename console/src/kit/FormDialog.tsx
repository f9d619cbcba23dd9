// The place where a dialog asks for something and sends it.
import { useId, useState, type FormEvent, type MouseEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './Button';
import { ApiError } from '../api/client';
import { errorText, fieldText } from '../api/errors';
import type { Form } from './Field';
import { Layer } from './Layer';
import { Notice } from './Notice';

interface FormDialogProps<T extends object> {
  title: string;
  form: Form<T>;
  onClose: () => void;
  /** Sends; the dialog waits, shows what went wrong, and closes when it worked. */
  onSubmit: (values: T) => Promise<unknown>;
  /** Error codes (or their beginnings) that are about one field. */
  blame?: Record<string, keyof T & string>;
  submitText?: string;
  width?: number;
  side?: boolean;
  danger?: boolean;
  children: ReactNode;
}

/** A field that loses its focus may show an error, and what is below it moves away under the pointer. */
const stay = (event: MouseEvent) => event.preventDefault();

export function FormDialog<T extends object>(props: FormDialogProps<T>) {
  const { title, form, onClose, onSubmit, blame = {}, submitText, width, side, danger, children } = props;
  const { t } = useTranslation();
  const id = useId();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();

  const refused = (error: unknown) => {
    const code = error instanceof ApiError ? error.code : '';
    const field = Object.entries(blame).find(([start]) => code.startsWith(start))?.[1];
    if (field) form.blame(field, fieldText(t, error as ApiError));
    else setFailure(errorText(t, error));
  };

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    event.stopPropagation();
    if (busy || !form.check()) return;
    setBusy(true);
    setFailure(undefined);
    try {
      await onSubmit(form.values);
      onClose();
    } catch (error) {
      refused(error);
      setBusy(false);
    }
  };

  const footer = (
    <>
      <Button theme="default" variant="outline" onClick={onClose} onMouseDown={stay}>
        {t('do.cancel')}
      </Button>
      <Button type="submit" theme={danger ? 'danger' : 'primary'} loading={busy} form={id} onMouseDown={stay}>
        {submitText ?? t('do.save')}
      </Button>
    </>
  );
  return (
    <Layer title={title} onClose={onClose} footer={footer} width={width} side={side} stay={form.changed}>
      <form id={id} className="k-form" onSubmit={(event) => void submit(event)} noValidate>
        {children}
        {failure && <Notice kind="error">{failure}</Notice>}
      </form>
    </Layer>
  );
}
