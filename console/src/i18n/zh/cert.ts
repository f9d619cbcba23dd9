// The place where the words of the certificate chapter are.
export const cert = {
  title: 'CA 证书',
  subtitle:
    '登记您自己的 CA，并在使用证书认证的产品中选择它，设备即可使用由它签发的证书接入。属于整个账号，所有企业实例共用。',
  new: '登记 CA',
  name: '证书名称',
  nameRule: '账号内唯一，1～32 个字符',
  subject: '主体',
  serial: '序列号',
  expires: '到期时间',
  empty: '还没有自己的 CA',
  emptyText: '不登记也可使用证书认证：由平台为设备签发证书。',
  ca: 'CA 证书',
  proof: '验证证书',
  pemRule: '请粘贴一份 PEM 格式的证书',
  proofText:
    '为证明您持有该 CA 的私钥，请在 CA 所在目录（ca.pem 与 ca.key）运行下面的命令，并粘贴生成的 verify.pem。',
  proofLines: '命令',
  replace: '更换证书',
  caNext: '新的 CA 证书',
  replaceText:
    '更换后，使用该 CA 的产品只认新证书：设备的证书若不是由它签发，设备将无法再接入，已建立的连接除外。以相同的主体和密钥续期的 CA 证书不影响已签发的设备证书。',
  products: '绑定的产品',
  productsOf: '使用“{{name}}”的产品',
  noProducts: '还没有产品使用该 CA',
  noProductsText: '新建产品时选择证书认证，或在产品的“更多信息”中更换 CA。',
  delete: '删除 CA 证书',
  deleteBody: '删除“{{name}}”后，不能再为产品选择它。仍有产品使用时不能删除。',
};
