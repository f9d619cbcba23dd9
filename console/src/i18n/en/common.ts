// The place where words that belong to no single chapter are.
import type { Words } from '..';

export const nav: Words['nav'] = {
  trail: 'Breadcrumb',
  main: 'Main menu',
  home: 'Instances',
  info: 'Instance info',
  products: 'Products',
  devices: 'Devices',
  operations: 'Operations',
  certificates: 'CA certificates',
  services: 'Service clients',
  switchInstance: 'Switch instance',
  theme: 'Theme',
  themeAuto: 'System',
  themeLight: 'Light',
  themeDark: 'Dark',
  language: 'Language',
  user: 'Account',
  collapse: 'Collapse menu',
  expand: 'Expand menu',
  notFound: 'Page not found',
  notFoundText: 'The page does not exist or was removed.',
  skip: 'Skip to content',
};

export const account: Words['account'] = {
  login: 'Log in',
  loginTitle: 'Log in to your IoT platform',
  slogan: 'The self-hosted IoT platform',
  pitch1: 'Thing models, devices and data in a single binary',
  pitch2: 'Speaks the device protocol and the cloud API of Tencent Cloud IoT Explorer',
  pitch3: 'Your data stays on your own servers',
  userName: 'User name',
  password: 'Password',
  noUser: 'Enter your user name',
  noPassword: 'Enter your password',
  wrong: 'User name or password is wrong',
  tooMany: 'Too many attempts, try again later',
  expired: 'Your session has expired, please log in again',
  firstLogin:
    "At the first start the login is printed in the server's terminal and kept in first-login.json in its data folder.",
  logout: 'Log out',
  changePassword: 'Change password',
  oldPassword: 'Current password',
  newPassword: 'New password',
  repeatPassword: 'Repeat new password',
  passwordRule: 'At least 8 characters; you will log in again',
  passwordShort: 'A password has at least 8 characters and at most 256 bytes',
  passwordSame: 'The new password must differ from the current one',
  passwordDiffers: 'The two passwords differ',
  passwordChanged: 'Password changed, log in with the new one',
  passwordWrong: 'The current password is wrong',
  uin: 'Account ID',
  version: 'Version',
};

export const doing: Words['do'] = {
  ok: 'OK',
  cancel: 'Cancel',
  save: 'Save',
  close: 'Close',
  add: 'Add',
  edit: 'Edit',
  delete: 'Delete',
  view: 'View',
  enter: 'Open',
  copy: 'Copy',
  copyWhat: 'Copy {{what}}',
  showWhat: 'Show {{what}}',
  hideWhat: 'Hide {{what}}',
  download: 'Download',
  downloadWhat: 'Download {{what}}',
  import: 'Import',
  refresh: 'Refresh',
  retry: 'Try again',
  clear: 'Clear',
  search: 'Search',
  back: 'Back',
  more: 'More',
  next: 'Next',
  previous: 'Back',
  select: 'Select',
  remove: 'Remove',
};

export const said: Words['said'] = {
  copied: 'Copied',
  notCopied: 'Could not copy, please copy by hand',
  saved: 'Saved',
  created: 'Created',
  deleted: 'Deleted',
  failed: 'Could not load',
  loading: 'Loading',
  forbidden: 'No permission',
  forbiddenText: 'Your account is not allowed to do this. Ask your administrator.',
  crashed: 'Something went wrong on this page',
  offline: 'Live connection lost, reconnecting',
};

export const list: Words['list'] = {
  empty: 'Nothing here yet',
  nothing: 'No results',
  nothingText: 'Try another search',
  total: '{{n}} in total',
  perPage: '{{n}} / page',
  size: 'Rows per page',
  pages: 'Pages',
  page: 'Page {{n}}',
  previous: 'Previous page',
  next: 'Next page',
  selectAll: 'Select all',
  select: 'Select {{name}}',
  actions: 'Actions',
  selectedCount: '{{n}} selected',
};

export const confirmWords: Words['confirm'] = {
  type: 'Type "{{name}}" to confirm',
};

export const range: Words['range'] = {
  '15m': '15 min',
  '1h': '1 hour',
  '24h': '24 hours',
  '7d': '7 days',
};

/** Sentences for error codes; other codes show the server's own message. */
export const error: Words['error'] = {
  Network: 'The server cannot be reached, check your network',
  BadAnswer: 'The server sent something unexpected',
  InternalError: 'Internal server error, please try again',
  RequestLimitExceeded: 'Too many requests, please slow down',
  UnauthorizedOperation: 'Your account is not allowed to do this',
  UnsupportedOperation_ProductDupKeyExist: 'A product with this name exists already',
  UnsupportedOperation_ProjectDupKeyExist: 'A project with this name exists already',
  UnsupportedOperation_DevicesExistUnderProduct: 'The product still has devices and cannot be deleted',
  UnsupportedOperation_ProductExistUnderProject: 'The project still has products and cannot be deleted',
  ResourceNotFound_StudioProductNotExist: 'The product does not exist or was deleted',
  FailedOperation_DeviceOffline: 'The device is offline',
  FailedOperation_DeviceNoSubscription: 'The device has not subscribed to the topic',
  FailedOperation_ActionUnreachable: 'The device cannot be reached, try again',
  FailedOperation_Timeout: 'The device did not reply in time',
  InvalidParameterValue_CACertInvalid:
    'Not a valid certificate: it must be PEM and in its time of validity, and a CA certificate must be one of a CA',
  InvalidParameterValue_CACertNotMatch:
    'The CA did not issue the certificate, or the common name (CN) is another',
  LimitExceeded_CACertNotSupport:
    'The certificate is too weak: RSA keys have at least 2048 bits, SHA-1 is not taken',
  LimitExceeded_CACertNameRepeat: 'A certificate with this name exists already',
  LimitExceeded_CACertAlreadyExist: 'This CA certificate is registered already',
  LimitExceeded_CACertLimit: 'The account has as many CA certificates as it may have',
  LimitExceeded_CAAlreadyBindProduct: 'A product still has this CA, it cannot be deleted',
  InvalidParameterValue_DeviceAlreadyExist: 'A device with this name exists already',
  LimitExceeded_DeviceExceedLimit: 'The product has as many devices as it may have',
  ResourceNotFound_DeviceNotExist: 'The device does not exist or was deleted',
};
