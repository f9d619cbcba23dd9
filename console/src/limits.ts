// The place where the limits of the manual are (console-pages.md, appendix B); the server checks them again.

/** 产品名称: letters of any script, digits and `_`; 1-20 characters. */
export const PRODUCT_NAME = /^[\p{L}\p{N}_]{1,20}$/u;
export const PRODUCT_NAME_CHARS = 20;
/** 描述 */
export const PRODUCT_DESCRIPTION_CHARS = 80;

export const PROJECT_NAME_CHARS = 64;
export const PROJECT_DESCRIPTION_CHARS = 255;
export const INSTANCE_DESCRIPTION_CHARS = 256;

/** 证书名称 of a CA of the account. */
export const CERTIFICATE_NAME_CHARS = 32;

/** Service clients: ours, the manual has none. */
export const SERVICE_REMARK_CHARS = 256;
export const SERVICE_PRODUCTS = 100;
export const SERVICE_FILTERS = 20;
export const SERVICE_FILTER_BYTES = 256;

/** 设备名称 */
export const DEVICE_NAME = /^[A-Za-z0-9:_-]{1,48}$/;
export const DEVICE_NAME_CHARS = 48;
/** 设备密钥 that the user chooses: base64. */
export const DEVICE_SECRET = /^[A-Za-z0-9+/]+={0,2}$/;
export const DEVICE_SECRET_CHARS = 64;
/** A message to a device. */
export const PAYLOAD_BYTES = 65_536;

/** 标识符 of a property, an event, an action, a parameter. */
export const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,31}$/;
export const IDENTIFIER_CHARS = 32;
export const FEATURE_NAME_CHARS = 32;
export const FEATURE_DESCRIPTION_CHARS = 80;
/** Properties and events of a product together; actions apart. */
export const FEATURES = 100;
export const ACTIONS = 100;
export const PARAMS = 100;
export const ENUM_MEMBERS = 1000;
export const STRING_LENGTH = 65_536;
export const STRING_LENGTH_USUAL = 2048;

const PASSWORD_CHARS = 8;
const PASSWORD_BYTES = 256;

export function passwordFits(password: string): boolean {
  return (
    [...password].length >= PASSWORD_CHARS && new TextEncoder().encode(password).length <= PASSWORD_BYTES
  );
}
