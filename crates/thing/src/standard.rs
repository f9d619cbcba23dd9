//! The place where the product categories (品类) and their standard thing models (标准功能) are.
