// The place where the frame of the console is: top bar, left menu, the page between them.
import { ChevronDownIcon, MenuFoldIcon, MenuUnfoldIcon } from 'tdesign-icons-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, NavLink, Outlet, useNavigate, useParams } from 'react-router';
import { useCall } from '../api/hooks';
import { ConfirmHost, MenuButton } from '../kit';
import { ALL_INSTANCES, ENTERPRISE, useInstance } from './guards';
import { Logo } from './Logo';
import { roomsOf, type Room } from './menu';
import { LanguageMenu, ThemeMenu } from './preferences';
import './shell.css';
import { UserMenu } from './UserMenu';

export function Shell() {
  const { t } = useTranslation();
  return (
    <div className="app">
      <a className="app-skip" href="#main">
        {t('nav.skip')}
      </a>
      <header className="app-top">
        <Link to="/instances" className="app-brand" aria-label={`thingd · ${t('nav.home')}`}>
          <Logo />
          <span>thingd</span>
        </Link>
        <InstanceSwitch />
        <div className="app-top-right">
          <ThemeMenu />
          <LanguageMenu />
          <UserMenu />
        </div>
      </header>
      <Outlet />
      <ConfirmHost />
    </div>
  );
}

function InstanceSwitch() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { instanceId } = useParams();
  const list = useCall('DescribeInstances', ALL_INSTANCES);
  const current = list.data?.Instances?.find((one) => one.InstanceId === instanceId);
  if (!current) return null;
  const kind = (type?: number) => (type === ENTERPRISE ? t('instance.enterprise') : t('instance.public'));
  return (
    <MenuButton
      className="app-instance"
      align="left"
      label={t('nav.switchInstance')}
      items={[
        ...(list.data?.Instances ?? []).map((one) => ({
          current: one.InstanceId === instanceId,
          text: (
            <span className="app-instance-item">
              <b>{one.Description || kind(one.InstanceType)}</b>
              <small>
                {kind(one.InstanceType)} · {one.InstanceId}
              </small>
            </span>
          ),
          onClick: () => void navigate(`/i/${one.InstanceId}/products`),
        })),
        { text: t('nav.home'), apart: true, onClick: () => void navigate('/instances') },
      ]}
    >
      <span className="app-instance-kind">{kind(current.InstanceType)}</span>
      <span className="app-instance-name">{current.Description || current.InstanceId}</span>
      <ChevronDownIcon aria-hidden="true" />
    </MenuButton>
  );
}

const NARROW = 'thingd.narrow';

/** The left menu, and the page. */
export function InstanceShell({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const instance = useInstance();
  const [narrow, setNarrow] = useState(() => localStorage.getItem(NARROW) === '1');
  const toggle = () => {
    localStorage.setItem(NARROW, narrow ? '0' : '1');
    setNarrow(!narrow);
  };
  const Fold = narrow ? MenuUnfoldIcon : MenuFoldIcon;
  return (
    <div className={`app-body ${narrow ? 'is-narrow' : ''}`}>
      <nav className="app-menu" aria-label={t('nav.main')}>
        <ul>
          {roomsOf(instance.enterprise).map((room) => (
            <MenuRoom key={room.key} room={room} base={`/i/${instance.id}`} />
          ))}
        </ul>
        <button
          type="button"
          className="app-fold"
          aria-label={t(narrow ? 'nav.expand' : 'nav.collapse')}
          onClick={toggle}
        >
          <Fold />
        </button>
      </nav>
      <main id="main" className="app-page" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

function MenuRoom({ room, base }: { room: Room; base: string }) {
  const { t } = useTranslation();
  const Icon = room.icon;
  const face = (
    <>
      {Icon && <Icon />}
      <span>{t(`nav.${room.key}`)}</span>
    </>
  );
  return (
    <li>
      {room.to ? (
        <NavLink to={base + room.to} title={t(`nav.${room.key}`)}>
          {face}
        </NavLink>
      ) : (
        <div className="app-menu-group">{face}</div>
      )}
      {room.rooms && (
        <ul>
          {room.rooms.map((inner) => (
            <MenuRoom key={inner.key} room={inner} base={base} />
          ))}
        </ul>
      )}
    </li>
  );
}
