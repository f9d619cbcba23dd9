// The place where the password is changed.
import { useTranslation } from 'react-i18next';
import { ApiError, call } from '../../api/client';
import { Field, FormDialog, Input, say, useForm } from '../../kit';
import { useSession } from '../../app/session';
import { passwordFits } from '../../limits';

export default function PasswordDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const leave = useSession((state) => state.leave);
  const form = useForm({ old: '', next: '', again: '' }, (values) => {
    const same = values.next === values.old ? t('account.passwordSame') : undefined;
    return {
      old: values.old ? undefined : t('account.noPassword'),
      next: passwordFits(values.next) ? same : t('account.passwordShort'),
      again: values.again === values.next ? undefined : t('account.passwordDiffers'),
    };
  });
  const submit = async () => {
    const given = { OldPassword: form.values.old, NewPassword: form.values.next };
    await call('ModifyPassword', given).catch((error: unknown) => {
      const wrong = error instanceof ApiError && error.code === 'AuthFailure';
      throw wrong ? new ApiError(error.code, t('account.passwordWrong'), error.requestId) : error;
    });
    say.success(t('account.passwordChanged'));
    // The server has ended all sessions of this user.
    leave();
  };
  return (
    <FormDialog
      title={t('account.changePassword')}
      form={form}
      width={440}
      onClose={onClose}
      onSubmit={submit}
      blame={{ AuthFailure: 'old', InvalidParameterValue: 'next' }}
    >
      <Field label={t('account.oldPassword')} required error={form.error('old')}>
        <Input {...form.bind('old')} type="password" autocomplete="current-password" />
      </Field>
      <Field
        label={t('account.newPassword')}
        required
        error={form.error('next')}
        help={t('account.passwordRule')}
      >
        <Input {...form.bind('next')} type="password" autocomplete="new-password" />
      </Field>
      <Field label={t('account.repeatPassword')} required error={form.error('again')}>
        <Input {...form.bind('again')} type="password" autocomplete="new-password" />
      </Field>
    </FormDialog>
  );
}
