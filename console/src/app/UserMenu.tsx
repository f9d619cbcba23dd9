// The place where the account's menu is.
import { useQueryClient } from '@tanstack/react-query';
import { ChevronDownIcon } from 'tdesign-icons-react';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../api/client';
import { MenuButton } from '../kit';
import { useSession, useUser } from './session';

const PasswordDialog = lazy(() => import('../chapters/account/PasswordDialog'));

export function UserMenu() {
  const { t } = useTranslation();
  const user = useUser();
  const leave = useSession((state) => state.leave);
  const client = useQueryClient();
  const [changing, setChanging] = useState(false);
  if (!user) return null;

  const logout = async () => {
    await call('Logout', {}).catch(() => undefined);
    leave();
    client.clear();
  };
  const head = (
    <div className="app-user-head">
      <b>{user.name}</b>
      <small>
        {t('account.uin')} {user.uin}
      </small>
      <small>
        {t('account.version')} {user.version}
      </small>
    </div>
  );
  return (
    <>
      <MenuButton
        label={t('nav.user')}
        head={head}
        items={[
          { text: t('account.changePassword'), onClick: () => setChanging(true) },
          { text: t('account.logout'), apart: true, onClick: () => void logout() },
        ]}
      >
        <span className="app-avatar" aria-hidden="true">
          {user.name.slice(0, 1).toUpperCase()}
        </span>
        <span className="app-user-name">{user.name}</span>
        <ChevronDownIcon aria-hidden="true" />
      </MenuButton>
      {changing && (
        <Suspense fallback={null}>
          <PasswordDialog onClose={() => setChanging(false)} />
        </Suspense>
      )}
    </>
  );
}
