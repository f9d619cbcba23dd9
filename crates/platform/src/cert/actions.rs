//! 证书认证: Cloud API actions. Translate, ask the chapter, translate back; nothing else.

use api::cert::*;
use base::{Code, Error, ProductId, Result};

use super::{Authority, Name};
use crate::{Cx, Routes, cert, product, wire::seconds};

pub(crate) fn routes(r: &mut Routes) {
    r.on(create_private_ca)
        .on(update_private_ca)
        .on(delete_private_ca)
        .on(describe_private_ca)
        .on(describe_private_cas)
        .on(describe_private_ca_binded_products)
        .on(describe_product_ca)
        .on(update_product_private_ca)
        .on(delete_product_private_ca);
}

/// Bounds of a page (schema).
const OFFSET: u64 = 5_000_000;
const LIMIT: u64 = 200;

async fn create_private_ca(cx: Cx, req: CreatePrivateCARequest) -> Result<CreatePrivateCAResponse> {
    let name = Name::parse(req.cert_name)?;
    cert::create(&cx, &name, &req.cert_text, &req.verify_cert_text).await?;
    Ok(CreatePrivateCAResponse {})
}

async fn update_private_ca(cx: Cx, req: UpdatePrivateCARequest) -> Result<UpdatePrivateCAResponse> {
    cert::update(&cx, &req.cert_name, &req.cert_text, &req.verify_cert_text).await?;
    Ok(UpdatePrivateCAResponse {})
}

async fn delete_private_ca(cx: Cx, req: DeletePrivateCARequest) -> Result<DeletePrivateCAResponse> {
    cert::delete(&cx, &req.cert_name).await?;
    Ok(DeletePrivateCAResponse {})
}

async fn describe_private_ca(
    cx: Cx,
    req: DescribePrivateCARequest,
) -> Result<DescribePrivateCAResponse> {
    Ok(DescribePrivateCAResponse { ca: Some(info(&*cert::find(&cx, &req.cert_name)?)?) })
}

async fn describe_private_cas(
    cx: Cx,
    _: DescribePrivateCAsRequest,
) -> Result<DescribePrivateCAsResponse> {
    let all = cx.authorities.of(cx.uin);
    let cas = all.iter().map(|one| info(one)).collect::<Result<_>>()?;
    Ok(DescribePrivateCAsResponse { cas: Some(cas) })
}

fn info(authority: &Authority) -> Result<CertInfo> {
    let (from, until) = authority.valid()?;
    Ok(CertInfo {
        cert_name: authority.name.clone(),
        cert_sn: authority.serial()?,
        issuer_name: authority.issuer(),
        subject: authority.subject(),
        create_time: seconds(authority.created),
        effective_time: seconds(from),
        expire_time: seconds(until),
        cert_text: authority.pem()?,
    })
}

async fn describe_private_ca_binded_products(
    cx: Cx,
    req: DescribePrivateCABindedProductsRequest,
) -> Result<DescribePrivateCABindedProductsResponse> {
    if req.offset > OFFSET || !(1..=LIMIT).contains(&req.limit) {
        let text = format!("page of {} from {} is not allowed", req.limit, req.offset);
        return Err(Error::new(Code::InvalidParameterValue, text));
    }
    cert::find(&cx, &req.cert_name)?;
    let found = product::with_authority(&cx, &req.cert_name, (req.offset, req.limit)).await?;
    let products = found.into_iter().map(|product| PrivateCABindProductInfo {
        product_id: Some(product.id.to_string()),
        product_name: Some(product.name),
        create_time: Some(product.created.div_euclid(1000)),
    });
    Ok(DescribePrivateCABindedProductsResponse { products: Some(products.collect()) })
}

async fn describe_product_ca(
    cx: Cx,
    req: DescribeProductCARequest,
) -> Result<DescribeProductCAResponse> {
    let found = cert::of_product(&cx, &ProductId::parse(&req.product_id)?).await?;
    let cas = found.iter().map(|one| info(one)).collect::<Result<_>>()?;
    Ok(DescribeProductCAResponse { cas: Some(cas) })
}

async fn update_product_private_ca(
    cx: Cx,
    req: UpdateProductPrivateCARequest,
) -> Result<UpdateProductPrivateCAResponse> {
    let name = Name::parse(req.cert_name)?;
    cert::bind(&cx, &ProductId::parse(&req.product_id)?, name.as_str()).await?;
    Ok(UpdateProductPrivateCAResponse {})
}

async fn delete_product_private_ca(
    cx: Cx,
    req: DeleteProductPrivateCARequest,
) -> Result<DeleteProductPrivateCAResponse> {
    cert::bind(&cx, &ProductId::parse(&req.product_id)?, "").await?;
    Ok(DeleteProductPrivateCAResponse {})
}
