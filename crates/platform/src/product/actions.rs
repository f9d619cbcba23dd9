//! 产品管理、物模型定义: actions. Translate, ask the chapter, translate back; nothing else.

use api::product::*;
use base::{Code, Error, ProductId, ProjectId, Result};
use thing::standard;

use super::{
    Authentication, Change, Description, Draft, Name, Product, Protocol, Search, State,
    types::{bad, net},
};
use crate::{
    Cx, Routes, device, product,
    wire::{Page, clip, optional, seconds, signed},
};

pub(crate) fn routes(r: &mut Routes) {
    r.on(create_studio_product)
        .on(modify_studio_product)
        .on(delete_studio_product)
        .on(describe_studio_product)
        .on(release_studio_product)
        .on(get_studio_product_list)
        .on(search_studio_product)
        .on(describe_model_definition)
        .on(modify_model_definition)
        .on(describe_categories)
        .on(describe_category_model);
}

/// 普通产品 and 网关产品, as the cloud API numbers them.
const PLAIN: i64 = 0;
const GATEWAY: i64 = 5;
/// Characters of `Rate` and `Period`, which are kept as they are.
const NOTE_CHARS: usize = 64;

async fn create_studio_product(
    cx: Cx,
    req: CreateStudioProductRequest,
) -> Result<CreateStudioProductResponse> {
    if req.category_id < 1 {
        return Err(bad(format!("category id {} is not allowed", req.category_id)));
    }
    let draft = Draft {
        project: ProjectId::parse(&req.project_id)?,
        name: Name::parse(req.product_name)?,
        category: req.category_id,
        gateway: gateway(req.product_type)?,
        net: net(&req.net_type)?,
        protocol: Protocol::parse(req.data_protocol)?,
        authentication: Authentication::parse(
            &req.encryption_type,
            req.private_ca_name.unwrap_or_default(),
        )?,
        description: Description::parse(req.product_desc)?,
        rate: note("rate", req.rate)?,
        period: note("period", req.period)?,
    };
    let made = product::create(&cx, draft).await?;
    Ok(CreateStudioProductResponse { product: Some(entry(&cx, made).await?) })
}

fn gateway(number: i64) -> Result<bool> {
    match number {
        PLAIN => Ok(false),
        GATEWAY => Ok(true),
        other => Err(bad(format!("product type {other} is neither {PLAIN} nor {GATEWAY}"))),
    }
}

fn note(what: &str, text: Option<String>) -> Result<String> {
    let text = text.unwrap_or_default();
    if text.chars().count() > NOTE_CHARS || text.contains('\0') {
        return Err(bad(format!("{what} is over {NOTE_CHARS} characters")));
    }
    Ok(text)
}

async fn modify_studio_product(
    cx: Cx,
    req: ModifyStudioProductRequest,
) -> Result<ModifyStudioProductResponse> {
    let change = Change {
        name: Name::parse(req.product_name)?,
        description: Description::parse(req.product_desc)?,
        module: req.module_id,
        script: switch(req.enable_product_script.as_deref())?,
        // Other values do nothing, says the schema.
        bind: req.bind_strategy.and_then(|n| i64::try_from(n).ok()).filter(|n| [1, 2].contains(n)),
    };
    let changed = product::modify(&cx, &ProductId::parse(&req.product_id)?, change).await?;
    Ok(ModifyStudioProductResponse { product: Some(entry(&cx, changed).await?) })
}

fn switch(text: Option<&str>) -> Result<Option<bool>> {
    match text {
        None | Some("") => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(other) => {
            Err(bad(format!("enable product script {:?} is neither true nor false", clip(other))))
        }
    }
}

async fn delete_studio_product(
    cx: Cx,
    req: DeleteStudioProductRequest,
) -> Result<DeleteStudioProductResponse> {
    product::delete(&cx, &ProductId::parse(&req.product_id)?).await?;
    Ok(DeleteStudioProductResponse {})
}

async fn describe_studio_product(
    cx: Cx,
    req: DescribeStudioProductRequest,
) -> Result<DescribeStudioProductResponse> {
    let found = product::get(&cx, &ProductId::parse(&req.product_id)?).await?;
    Ok(DescribeStudioProductResponse { product: Some(entry(&cx, found).await?) })
}

async fn release_studio_product(
    cx: Cx,
    req: ReleaseStudioProductRequest,
) -> Result<ReleaseStudioProductResponse> {
    let (id, to) = (ProductId::parse(&req.product_id)?, State::parse(&req.dev_status)?);
    product::release(&cx, &id, to).await?;
    Ok(ReleaseStudioProductResponse {})
}

async fn get_studio_product_list(
    cx: Cx,
    req: GetStudioProductListRequest,
) -> Result<GetStudioProductListResponse> {
    let search = Search {
        project: optional(req.project_id.as_deref(), ProjectId::parse)?,
        state: State::filter(req.dev_status.as_deref())?,
        page: Page::natural(req.offset, req.limit)?,
        ..Search::default()
    };
    let (products, total) = found(&cx, &search).await?;
    Ok(GetStudioProductListResponse { products: Some(products), total: Some(total) })
}

async fn search_studio_product(
    cx: Cx,
    req: SearchStudioProductRequest,
) -> Result<SearchStudioProductResponse> {
    let mut search = Search {
        project: optional(req.project_id.as_deref(), ProjectId::parse)?,
        product: optional(req.product_id.as_deref(), ProductId::parse)?,
        name: req.product_name.filter(|name| !name.is_empty()),
        state: State::filter(req.dev_status.as_deref())?,
        page: Page::natural(req.offset, req.limit)?,
        ..Search::default()
    };
    narrow(&mut search, req.filters.unwrap_or_default())?;
    let (products, total) = found(&cx, &search).await?;
    Ok(SearchStudioProductResponse { products: Some(products), total: Some(total) })
}

/// Filters of a search, and values of one of them, says the schema.
const FILTERS: usize = 10;
const VALUES: usize = 1;

fn narrow(search: &mut Search, filters: Vec<Filter>) -> Result<()> {
    let wrong = |text: String| Error::new(Code::InvalidParameterValue, text);
    if filters.len() > FILTERS {
        return Err(wrong(format!("{} filters, allowed are {FILTERS}", filters.len())));
    }
    for filter in filters {
        let (name, values) = (filter.name, filter.values.unwrap_or_default());
        if values.len() > VALUES {
            let n = values.len();
            return Err(wrong(format!("filter {:?} has {n} values, allowed are 1", clip(&name))));
        }
        let Some(value) = values.into_iter().next() else { continue };
        let number = || {
            value.parse::<i64>().map_err(|_| wrong(format!("{:?} is not a number", clip(&value))))
        };
        match name.as_str() {
            "ProductName" => search.name = Some(value),
            "ProductId" => search.product = Some(ProductId::parse(&value)?),
            "ProjectId" => search.project = Some(ProjectId::parse(&value)?),
            "DevStatus" => search.state = State::filter(Some(&value))?,
            "NetType" => search.net = Some(net(&value)?),
            "CategoryId" => search.category = Some(number()?),
            "ProductType" => search.gateway = Some(gateway(number()?)?),
            "DataProtocol" => search.protocol = Some(Protocol::parse(number()?)?),
            other => return Err(wrong(format!("filter {:?} is not known", clip(other)))),
        }
    }
    Ok(())
}

async fn found(cx: &Cx, search: &Search) -> Result<(Vec<ProductEntry>, i64)> {
    let (products, total) = product::list(cx, search).await?;
    let mut entries = Vec::with_capacity(products.len());
    for product in products {
        entries.push(entry(cx, product).await?);
    }
    Ok((entries, signed(total)))
}

async fn entry(cx: &Cx, product: Product) -> Result<ProductEntry> {
    let (devices, _) = device::counts(cx.services(), &product.id).await?;
    Ok(ProductEntry {
        product_id: Some(product.id.to_string()),
        product_name: Some(product.name),
        category_id: Some(product.category),
        encryption_type: Some(product.authentication.number().to_string()),
        net_type: Some(product.net),
        data_protocol: Some(product.protocol.number()),
        product_desc: Some(product.description),
        dev_status: Some(product.state.as_str().into()),
        create_time: Some(seconds(product.created)),
        update_time: Some(seconds(product.updated)),
        region: Some("gz".into()),
        product_type: Some(if product.gateway { GATEWAY } else { PLAIN }),
        project_id: Some(product.project.to_string()),
        module_id: Some(product.module),
        enable_product_script: Some(product.script.to_string()),
        create_user_id: Some(signed(product.uin.0)),
        creator_nick_name: Some(product.creator),
        bind_strategy: u64::try_from(product.bind).ok(),
        device_count: Some(signed(devices)),
        rate: Some(product.rate),
        period: Some(product.period),
        is_interconnection: Some(0),
        uin: Some(product.uin.to_string()),
        is_private_ca: Some(!product.authentication.authority().is_empty()),
        private_ca_name: Some(product.authentication.authority().to_owned()),
        ..ProductEntry::default()
    })
}

async fn describe_model_definition(
    cx: Cx,
    req: DescribeModelDefinitionRequest,
) -> Result<DescribeModelDefinitionResponse> {
    let id = ProductId::parse(&req.product_id)?;
    let kept = product::definition(&cx, &id).await?;
    let model = ProductModelDefinition {
        product_id: Some(id.to_string()),
        model_define: Some(kept.text),
        update_time: Some(kept.updated.div_euclid(1000)),
        create_time: Some(kept.created.div_euclid(1000)),
        category_model: Some(kept.category_model),
        net_type_model: Some(String::new()),
    };
    Ok(DescribeModelDefinitionResponse { model: Some(model) })
}

async fn modify_model_definition(
    cx: Cx,
    req: ModifyModelDefinitionRequest,
) -> Result<ModifyModelDefinitionResponse> {
    let id = ProductId::parse(&req.product_id)?;
    product::define(&cx, &id, &req.model_schema).await?;
    Ok(ModifyModelDefinitionResponse {})
}

async fn describe_categories(
    _: Cx,
    _: DescribeCategoriesRequest,
) -> Result<DescribeCategoriesResponse> {
    let categories = standard::categories().iter().map(|category| CategoryEntry {
        category_id: Some(category.id),
        parent_id: Some(category.parent),
        name_zh: Some(category.zh.into()),
        name_en: Some(category.en.into()),
        has_model: Some(category.model.is_some()),
    });
    Ok(DescribeCategoriesResponse { categories: Some(categories.collect()) })
}

async fn describe_category_model(
    _: Cx,
    req: DescribeCategoryModelRequest,
) -> Result<DescribeCategoryModelResponse> {
    let known = standard::categories().iter().any(|category| category.id == req.category_id);
    if !known {
        let text = format!("category {} does not exist", req.category_id);
        return Err(Error::new(Code::ResourceNotFound, text));
    }
    let model = standard::model(req.category_id).unwrap_or_default().to_owned();
    Ok(DescribeCategoryModelResponse { category_id: Some(req.category_id), model: Some(model) })
}
