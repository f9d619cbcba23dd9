// The place where people come in.
import { LockOnIcon, UserIcon } from 'tdesign-icons-react';
import { useEffect, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate, useSearchParams } from 'react-router';
import { ApiError, call } from '../../api/client';
import { errorText } from '../../api/errors';
import { Logo } from '../../app/Logo';
import { LanguageMenu, ThemeMenu } from '../../app/preferences';
import { useSession } from '../../app/session';
import { Button, Field, Input, Notice, useForm } from '../../kit';
import './login.css';

export default function Login() {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `${t('account.login')} · thingd`;
  }, [t]);
  return (
    <div className="login">
      <aside className="login-side">
        <div className="login-brand">
          <Logo size={40} />
          <span>thingd</span>
        </div>
        <h2>{t('account.slogan')}</h2>
        <ul>
          <li>{t('account.pitch1')}</li>
          <li>{t('account.pitch2')}</li>
          <li>{t('account.pitch3')}</li>
        </ul>
      </aside>
      <main className="login-main">
        <div className="login-tools">
          <ThemeMenu />
          <LanguageMenu />
        </div>
        <LoginForm />
      </main>
    </div>
  );
}

function LoginForm() {
  const { t } = useTranslation();
  const [params] = useSearchParams();
  const navigate = useNavigate();
  const { enter, expired } = useSession();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const form = useForm({ name: '', password: '' }, (values) => ({
    name: values.name.trim() ? undefined : t('account.noUser'),
    password: values.password ? undefined : t('account.noPassword'),
  }));

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy || !form.check()) return;
    setBusy(true);
    setFailure(undefined);
    try {
      await call('Login', { UserName: form.values.name.trim(), Password: form.values.password });
      const who = await call('DescribeSession', {});
      enter({ uin: who.Uin ?? '', name: who.UserName ?? '', version: who.Version ?? '' });
      await navigate(inside(params.get('from')), { replace: true });
    } catch (error) {
      setFailure(loginError(error));
      setBusy(false);
    }
  };

  const loginError = (error: unknown): string => {
    const code = error instanceof ApiError ? error.code : '';
    if (code.startsWith('AuthFailure')) return t('account.wrong');
    if (code.includes('LimitExceeded')) return t('account.tooMany');
    return errorText(t, error);
  };

  return (
    <form className="login-form" onSubmit={(event) => void submit(event)} noValidate>
      <h1>{t('account.loginTitle')}</h1>
      {expired && !failure && <Notice kind="warning">{t('account.expired')}</Notice>}
      {failure && <Notice kind="error">{failure}</Notice>}
      <Field label={t('account.userName')} error={form.error('name')}>
        <Input
          {...form.bind('name')}
          size="large"
          name="username"
          autocomplete="username"
          prefixIcon={<UserIcon />}
        />
      </Field>
      <Field label={t('account.password')} error={form.error('password')}>
        <Input
          {...form.bind('password')}
          size="large"
          type="password"
          name="password"
          autocomplete="current-password"
          prefixIcon={<LockOnIcon />}
        />
      </Field>
      <Button type="submit" size="large" block loading={busy}>
        {t('account.login')}
      </Button>
      <p className="login-hint">{t('account.firstLogin')}</p>
    </form>
  );
}

/** Only addresses of this console. */
function inside(from: string | null): string {
  return from?.startsWith('/') && !from.startsWith('//') ? from : '/';
}
