// The place where addresses become pages. Each page is a chunk of its own.
import { lazy } from 'react';
import { createBrowserRouter, Navigate, Outlet } from 'react-router';
import { InInstance, LoggedIn } from './guards';
import { NotFound, Page } from './Page';
import { InstanceShell, Shell } from './Shell';

const Login = lazy(() => import('../chapters/account/Login'));
const InstanceList = lazy(() => import('../chapters/instance/InstanceList'));
const InstanceInfo = lazy(() => import('../chapters/instance/InstanceInfo'));
const ProjectList = lazy(() => import('../chapters/project/ProjectList'));
const ProductList = lazy(() => import('../chapters/product/ProductList'));
const ProductNew = lazy(() => import('../chapters/product/ProductNew'));
const ProductDetail = lazy(() => import('../chapters/product/ProductDetail'));
const ModelStep = lazy(() => import('../chapters/product/ModelStep'));
const DevelopStep = lazy(() => import('../chapters/product/DevelopStep'));
const ReleaseStep = lazy(() => import('../chapters/product/ReleaseStep'));
const DebugStep = lazy(() => import('../chapters/device/DebugStep'));
const DeviceList = lazy(() => import('../chapters/device/DeviceList'));
const ServiceList = lazy(() => import('../chapters/service/ServiceList'));
const AuthorityList = lazy(() => import('../chapters/cert/AuthorityList'));
const DeviceDetail = lazy(() => import('../chapters/device/DeviceDetail'));

export const router = createBrowserRouter([
  { path: '/login', element: <Page of={Login} /> },
  {
    element: (
      <LoggedIn>
        <Shell />
      </LoggedIn>
    ),
    children: [
      { index: true, element: <Navigate to="/instances" replace /> },
      { path: 'instances', element: <Page of={InstanceList} /> },
      {
        path: 'i/:instanceId',
        element: (
          <InInstance>
            <InstanceShell>
              <Outlet />
            </InstanceShell>
          </InInstance>
        ),
        children: [
          { index: true, element: <Navigate to="products" replace /> },
          { path: 'info', element: <Page of={InstanceInfo} /> },
          { path: 'projects', element: <Page of={ProjectList} /> },
          { path: 'products', element: <Page of={ProductList} /> },
          { path: 'products/new', element: <Page of={ProductNew} /> },
          {
            path: 'products/:productId',
            element: <Page of={ProductDetail} />,
            children: [
              { index: true, element: <Navigate to="model" replace /> },
              { path: 'model', element: <Page of={ModelStep} /> },
              { path: 'develop', element: <Page of={DevelopStep} /> },
              { path: 'debug', element: <Page of={DebugStep} /> },
              { path: 'release', element: <Page of={ReleaseStep} /> },
            ],
          },
          { path: 'devices', element: <Page of={DeviceList} /> },
          { path: 'devices/:productId/:deviceName/:tab?', element: <Page of={DeviceDetail} /> },
          { path: 'certificates', element: <Page of={AuthorityList} /> },
          { path: 'services', element: <Page of={ServiceList} /> },
          { path: '*', element: <NotFound /> },
        ],
      },
      { path: '*', element: <NotFound /> },
    ],
  },
]);
