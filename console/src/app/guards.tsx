// The place where pages wait for a session and an instance, and are kept from crashing each other.
import { useQuery } from '@tanstack/react-query';
import { Component, createContext, useContext, useEffect, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Navigate, useLocation, useParams } from 'react-router';
import { ApiError, call } from '../api/client';
import type { InstanceEntry } from '../api/gen';
import { useCall } from '../api/hooks';
import { Button, Empty, Failed, Skeleton } from '../kit';
import { useSession } from './session';

/** Shows pages to those who are logged in; the others go to the login and come back. */
export function LoggedIn({ children }: { children: ReactNode }) {
  const { user, enter, leave } = useSession();
  const place = useLocation();
  const session = useQuery({
    queryKey: ['DescribeSession'],
    queryFn: () => call('DescribeSession', {}),
    enabled: user === undefined,
    retry: (count, error) => error instanceof ApiError && error.code === 'Network' && count < 3,
  });
  useEffect(() => {
    if (user !== undefined) return;
    if (session.data) {
      const { Uin = '', UserName = '', Version = '' } = session.data;
      enter({ uin: Uin, name: UserName, version: Version });
    } else if (session.error instanceof ApiError && session.error.signedOut) leave();
  }, [user, session.data, session.error, enter, leave]);

  if (user) return children;
  if (user === null) {
    const from = place.pathname + place.search;
    return <Navigate to={from === '/' ? '/login' : `/login?from=${encodeURIComponent(from)}`} replace />;
  }
  if (session.error) return <Failed error={session.error} onRetry={() => void session.refetch()} />;
  return <div className="app-splash" aria-busy="true" />;
}

export interface Instance {
  id: string;
  /** 企业实例; else 公共实例. */
  enterprise: boolean;
  entry: InstanceEntry;
}

const InstanceContext = createContext<Instance | undefined>(undefined);

/** The instance that the page is in. */
export function useInstance(): Instance {
  const instance = useContext(InstanceContext);
  if (!instance) throw new Error('this page stands outside of an instance');
  return instance;
}

/** An address inside the instance: `useTo()('/products')`. */
export function useTo(): (path: string) => string {
  const { id } = useInstance();
  return (path) => `/i/${id}${path}`;
}

export const ALL_INSTANCES = { Offset: 0, Limit: 100 };
export const ENTERPRISE = 1;

export function InInstance({ children }: { children: ReactNode }) {
  const { instanceId } = useParams();
  const { t } = useTranslation();
  const list = useCall('DescribeInstances', ALL_INSTANCES);
  if (list.error && !list.data) return <Failed error={list.error} onRetry={() => void list.refetch()} />;
  if (!list.data) return <Skeleton rows={6} />;
  const entry = list.data.Instances?.find((one) => one.InstanceId === instanceId);
  if (!entry || !instanceId) return <Empty title={t('nav.notFound')} text={t('nav.notFoundText')} />;
  const instance = { id: instanceId, enterprise: entry.InstanceType === ENTERPRISE, entry };
  return (
    <InstanceContext key={instanceId} value={instance}>
      {children}
    </InstanceContext>
  );
}

interface FenceProps {
  children: ReactNode;
  title: string;
  retry: string;
  /** Another place is another try. */
  place: string;
}

/** A page that throws does not take the shell with it. */
export class Fence extends Component<FenceProps, { broken?: Error; at?: string }> {
  override state: { broken?: Error; at?: string } = {};

  static getDerivedStateFromError(broken: Error) {
    return { broken };
  }

  override componentDidCatch() {
    this.setState({ at: this.props.place });
  }

  override componentDidUpdate() {
    if (this.state.broken && this.state.at !== undefined && this.state.at !== this.props.place) {
      this.setState({ broken: undefined, at: undefined });
    }
  }

  override render() {
    if (!this.state.broken) return this.props.children;
    const again = <Button onClick={() => location.reload()}>{this.props.retry}</Button>;
    return <Empty title={this.props.title} text={this.state.broken.message} action={again} />;
  }
}
