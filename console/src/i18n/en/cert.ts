// The place where the words of the certificate chapter are.
import type { Words } from '..';

export const cert: Words['cert'] = {
  title: 'CA certificates',
  subtitle:
    'Register a CA of your own and choose it in products with certificates: their devices connect with what it issued. It belongs to the account, for all enterprise instances.',
  new: 'Register CA',
  name: 'Certificate name',
  nameRule: 'Unique in the account, 1–32 characters',
  subject: 'Subject',
  serial: 'Serial number',
  expires: 'Expires',
  empty: 'No CA of your own yet',
  emptyText: "Certificates work without one: the platform issues the devices' certificates.",
  ca: 'CA certificate',
  proof: 'Verification certificate',
  pemRule: 'Paste one certificate in PEM',
  proofText:
    "To show that you have the CA's private key, run these lines in the CA's folder (ca.pem and ca.key), and paste the verify.pem that they make.",
  proofLines: 'Commands',
  replace: 'Replace',
  caNext: 'New CA certificate',
  replaceText:
    'Products with this CA then trust the new certificate alone: devices whose certificates it did not issue cannot connect any more, once their connections have ended. A CA that was renewed with the same subject and key still vouches for what it issued.',
  products: 'Products',
  productsOf: 'Products of "{{name}}"',
  noProducts: 'No product has this CA yet',
  noProductsText:
    "Choose certificates when you create a product, or change the CA in a product's more information.",
  delete: 'Delete CA certificate',
  deleteBody: '"{{name}}" cannot be chosen for products any more. A CA that a product has cannot be deleted.',
};
