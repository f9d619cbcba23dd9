// The place where the steps of a product find the product that they are about.
import { createContext, useContext } from 'react';
import type { ProductEntry } from '../../api/gen';

/** What the server says of every product. */
export type Product = ProductEntry & { ProductId: string; ProductName: string };

export const ProductContext = createContext<Product | undefined>(undefined);

export function useProduct(): Product {
  const product = useContext(ProductContext);
  if (!product) throw new Error('this page stands outside of a product');
  return product;
}

/** 已发布 and 审核中 products are read-only. */
export const isLocked = (product: ProductEntry) => product.DevStatus !== 'dev';
